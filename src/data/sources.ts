import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import type { Corpus, CorpusDocument, Split } from './corpora/corpus.ts'
import { CORPORA } from './corpora/registry.ts'
import { END_OF_TEXT, cutAtDocument, documentPieces } from './documents.ts'
import type { Packed } from './pack.ts'
import { packDocuments, packText } from './pack.ts'
import { cutNear, textPieces } from './text-pieces.ts'
import type { Tokenizer, TokenizerState } from './tokenizers/tokenizer.ts'

/** Readers for what the configuration names by path. */
export interface DataSources {
  readonly readText?: (path: string) => Promise<string>
  readonly readBytes?: (path: string) => Promise<Uint8Array>
  readonly signal?: AbortSignal
  /** Tokenizer of the initial weights: their ids keep their meaning. */
  readonly tokenizer?: TokenizerState
}

/** The text to tokenize: documents of a corpus, or continuous text; by split. */
export interface Source {
  /** The configuration field that names it. */
  readonly field: 'data.corpus' | 'data.text'
  texts(split: Split): Iterable<string>
  pack(split: Split, tokenizer: Tokenizer, width: number, pace: () => Promise<void> | undefined): Promise<Packed>
}

/** The last tenth of a user's text is held out. */
const TRAIN_SHARE = 0.9

export async function openSource(config: RunConfig, sources: DataSources): Promise<Source> {
  const { corpus } = config.data
  return corpus === null ? textSource(config, sources) : corpusSource(CORPORA[corpus])
}

function corpusSource(corpus: Corpus): Source {
  const made = new Map<Split, readonly CorpusDocument[]>()
  const documents = (split: Split) => {
    let found = made.get(split)
    if (!found) {
      const count = split === 'train' ? corpus.size : corpus.validationSize
      found = Array.from({ length: count }, (_, i) => corpus.document(i, split))
      made.set(split, found)
    }
    return found
  }
  return {
    field: 'data.corpus',
    texts: (split) => documents(split).map(({ text }) => text),
    pack: (split, tokenizer, width, pace) => packDocuments(documents(split), tokenizer, width, pace),
  }
}

async function textSource({ data }: RunConfig, sources: DataSources): Promise<Source> {
  const path = data.text ?? ''
  if (!sources.readText) throw refused('data.text', 'file-not-readable-here', { path })
  const text = await sources.readText(path)
  if (text.trim() === '') throw refused('data.text', 'text-empty', { path })
  refuseStrangeCharacters(text, path)
  if (data.documents && !text.includes(END_OF_TEXT))
    throw refused('data.documents', 'text-without-documents', { path, mark: END_OF_TEXT })
  const at = Math.floor(text.length * TRAIN_SHARE)
  const cut = data.documents ? cutAtDocument(text, at) : cutNear(text, at)
  const pieces = (split: Split) => {
    const [from, to] = split === 'train' ? [0, cut] : [cut, text.length]
    return data.documents ? documentPieces(text, from, to) : textPieces(text, from, to)
  }
  return {
    field: 'data.text',
    *texts(split) {
      for (const piece of pieces(split)) if (piece !== null) yield piece
    },
    pack: (split, tokenizer, width, pace) => packText(pieces(split), tokenizer, width, pace),
  }
}

/** Text that did not come from bytes has the same rules: no NUL (the end of a document), no unpaired surrogates. */
function refuseStrangeCharacters(text: string, path: string): void {
  const at = text.search(/[\0\p{Surrogate}]/u)
  if (at < 0) return
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')
  throw refused('data.text', 'text-character-bad', { path, at, code })
}
