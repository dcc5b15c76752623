/** A document and where its loss-bearing part begins: characters before `lossFrom` are given, not learned. */
export interface CorpusDocument {
  readonly text: string
  readonly lossFrom: number
}

export type Split = 'train' | 'validation'

/** A built-in corpus: documents from a seeded generator, identical for everybody. */
export interface Corpus {
  readonly name: string
  readonly title: string
  readonly description: string
  /** Documents of one epoch and of the held-out split. */
  readonly size: number
  readonly validationSize: number
  /** Document `index` of a split; the splits share no document. */
  document(index: number, split: Split): CorpusDocument
  /** The given part of a document, as a prompt for generation. */
  readonly prompt: string
}
