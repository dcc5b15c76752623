import type { RunConfig } from '../config/types.ts'
import { RefusedError } from '../core/errors.ts'
import type { Corpus, CorpusDocument, Split } from './corpora/corpus.ts'
import { CORPORA } from './corpora/registry.ts'
import { Dataset, shareBytes, shareWords } from './dataset.ts'
import { pacer } from './pacer.ts'
import type { Packed } from './pack.ts'
import { packDocuments, packText } from './pack.ts'
import { readRawTokens } from './raw-tokens.ts'
import { cutNear, piecesOf } from './text-pieces.ts'
import { trainBpe } from './tokenizers/bpe.ts'
import { byteTokenizer } from './tokenizers/byte.ts'
import { charTokenizer, charactersOf } from './tokenizers/char.ts'
import { loadGpt2Tokenizer } from './tokenizers/gpt2.ts'
import type { Tokenizer } from './tokenizers/tokenizer.ts'

/** How to get at what the configuration names by path. */
export interface DataSources {
  readonly readText?: (path: string) => Promise<string>
  readonly readBytes?: (path: string) => Promise<Uint8Array>
  readonly signal?: AbortSignal
}

type Progress = (what: string, fraction: number | null, detail: string) => void

/** The last tenth of a person's own text is held out. */
const TRAIN_SHARE = 0.9

/** Tokens are kept in 16 bits. */
const MOST_IDS = 65536

/** What is tokenized: documents of a corpus, or a running text; each split on its own. */
interface Source {
  /** The field of the configuration that names it. */
  readonly field: 'data.corpus' | 'data.text'
  texts(split: Split): Iterable<string>
  pack(split: Split, tokenizer: Tokenizer, width: number, pace: () => Promise<void> | undefined): Promise<Packed>
}

/**
 * Tokenizes and packs the configured data. Throws RefusedError naming the field of `data`, `batch.sequence` or `model.vocab`,
 * and the signal's reason when it is aborted.
 */
export async function prepareDataset(
  config: RunConfig,
  sources: DataSources,
  progress: Progress = () => {},
): Promise<Dataset> {
  const { tokens: path, corpus } = config.data
  if (path !== null) return rawDataset(config, path, sources)
  progress('data', null, 'reading')
  const source = corpus === null ? await textSource(config, sources) : corpusSource(CORPORA[corpus])
  const tokenizer = await tokenizerFor(config, source, progress, sources.signal)
  if (tokenizer.vocabSize > config.model.vocab)
    throw new RefusedError(
      'model.vocab',
      `${config.model.vocab} is smaller than the ${tokenizer.vocabSize} ids of data.tokenizer ${config.data.tokenizer}`,
    )
  if (tokenizer.vocabSize > MOST_IDS)
    throw new RefusedError(
      'data.tokenizer',
      `${config.data.tokenizer} makes ${tokenizer.vocabSize} ids; at most ${MOST_IDS}`,
    )
  progress('data', null, 'tokenizing')
  const { sequence, global } = config.batch
  const pace = pacer(sources.signal)
  const train = await source.pack('train', tokenizer, sequence + 1, pace)
  if (train.sequences === 0 && source.field === 'data.corpus')
    throw new RefusedError(
      'batch.sequence',
      `${sequence} is too short for data.corpus ${corpus}: no token that counts for the loss comes within it`,
    )
  if (train.sequences < global)
    throw new RefusedError(
      source.field,
      `${train.sequences} sequences of ${sequence + 1} tokens are fewer than batch.global: ${global}`,
    )
  const held = await source.pack('validation', tokenizer, sequence + 1, pace)
  return new Dataset(
    {
      sequence,
      global,
      seed: config.seed,
      order: config.data.order,
      tokens: shareWords(train.tokens),
      weights: shareBytes(train.weights),
      validationTokens: shareWords(held.tokens),
      validationWeights: shareBytes(held.weights),
    },
    tokenizer,
  )
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

async function textSource(config: RunConfig, sources: DataSources): Promise<Source> {
  const path = config.data.text ?? ''
  if (!sources.readText) throw new RefusedError('data.text', `"${path}" cannot be read here`)
  const text = await sources.readText(path)
  if (text.trim() === '') throw new RefusedError('data.text', `"${path}" is empty`)
  const cut = cutNear(text, Math.floor(text.length * TRAIN_SHARE))
  const texts = (split: Split) => (split === 'train' ? piecesOf(text, 0, cut) : piecesOf(text, cut, text.length))
  return {
    field: 'data.text',
    texts,
    pack: (split, tokenizer, width, pace) => packText(texts(split), tokenizer, width, pace),
  }
}

async function tokenizerFor(
  config: RunConfig,
  source: Source,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<Tokenizer> {
  const { vocab } = config.model
  switch (config.data.tokenizer) {
    case 'byte':
      return byteTokenizer
    case 'char':
      // Held-out text too: a character seen only there would have no id.
      return charTokenizer(charactersOf([...source.texts('train'), ...source.texts('validation')]))
    case 'bpe':
      if (vocab < 257)
        throw new RefusedError('model.vocab', `${vocab}: tokenizer bpe needs more than the 256 bytes, at least 257`)
      return trainBpe(source.texts('train'), vocab, (f) => progress('tokenizer', f, 'learning merges'), signal)
    case 'gpt2':
      progress('tokenizer', null, 'loading GPT-2 tables')
      return loadGpt2Tokenizer()
  }
}

async function rawDataset(config: RunConfig, path: string, sources: DataSources): Promise<Dataset> {
  if (!sources.readBytes) throw new RefusedError('data.tokens', `"${path}" cannot be read here`)
  const tokens = readRawTokens(config, path, await sources.readBytes(path))
  return new Dataset(
    {
      sequence: config.batch.sequence,
      global: config.batch.global,
      seed: config.seed,
      order: config.data.order,
      tokens: shareWords(tokens),
      weights: null,
      validationTokens: new Uint16Array(0),
      validationWeights: null,
    },
    config.data.tokenizer === 'gpt2' ? await loadGpt2Tokenizer() : byteTokenizer,
  )
}
