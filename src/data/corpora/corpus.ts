/** A document and where its loss-bearing part begins: characters before `lossFrom` are given, not learned. */
export interface CorpusDocument {
  readonly text: string
  readonly lossFrom: number
}

/** A built-in corpus: documents drawn by a seeded generator of our own, the same for everybody. */
export interface Corpus {
  readonly name: string
  readonly title: string
  readonly description: string
  /** Documents of one epoch and of the held-out split. */
  readonly size: number
  readonly validationSize: number
  /** Document `index` of a split; different splits share no documents' randomness. */
  document(index: number, split: 'train' | 'validation'): CorpusDocument
  readonly prompt: string
}
