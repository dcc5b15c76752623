import type { RunConfig } from '../config/types.ts'
import { RefusedError } from '../core/errors.ts'
import { CORPORA } from './corpora/registry.ts'
import type { CorpusDocument } from './corpora/corpus.ts'
import { Dataset, sharedCopy } from './dataset.ts'
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

/** Every eleventh part of a person's own text is held out. */
const VALIDATION_SHARE = 0.1

/** Tokenizes and packs the configured data. Throws RefusedError naming the field of `data` or `model.vocab`. */
export async function prepareDataset(config: RunConfig, sources: DataSources, progress: Progress = () => {}): Promise<Dataset> {
  if (config.data.tokens !== null) return rawTokens(config, config.data.tokens, sources)
  const { train, validation } = await documentsOf(config, sources)
  const tokenizer = await tokenizerFor(config, train, progress, sources.signal)
  if (tokenizer.vocabSize > config.model.vocab)
    throw new RefusedError(
      'model.vocab',
      `${config.model.vocab} is smaller than the ${tokenizer.vocabSize} ids of data.tokenizer ${config.data.tokenizer}`,
    )
  const width = config.batch.sequence + 1
  progress('data', null, 'tokenizing')
  const packed = pack(train, tokenizer, width)
  const held = pack(validation, tokenizer, width)
  if (packed.tokens.length < width * config.batch.global)
    throw new RefusedError(
      config.data.text === null ? 'data.corpus' : 'data.text',
      `${Math.floor(packed.tokens.length / width)} sequences of ${width} tokens are fewer than batch.global: ${config.batch.global}`,
    )
  return new Dataset(
    {
      sequence: config.batch.sequence,
      global: config.batch.global,
      seed: config.seed,
      order: config.data.order,
      tokens: sharedCopy(packed.tokens),
      weights: sharedCopy(packed.weights),
      validationTokens: sharedCopy(held.tokens),
      validationWeights: sharedCopy(held.weights),
    },
    tokenizer,
  )
}

async function documentsOf(config: RunConfig, sources: DataSources): Promise<Record<'train' | 'validation', CorpusDocument[]>> {
  const { corpus, text } = config.data
  if (corpus !== null) {
    const { size, validationSize, document } = CORPORA[corpus]
    const split = (name: 'train' | 'validation', count: number) => Array.from({ length: count }, (_, i) => document(i, name))
    return { train: split('train', size), validation: split('validation', validationSize) }
  }
  if (!sources.readText) throw new RefusedError('data.text', `"${text}" cannot be read here`)
  const whole = await sources.readText(text!)
  if (whole.trim() === '') throw new RefusedError('data.text', `"${text}" is empty`)
  const cut = Math.floor(whole.length * (1 - VALIDATION_SHARE))
  const part = (from: number, to: number) => [{ text: whole.slice(from, to), lossFrom: 0 }]
  return { train: part(0, cut), validation: part(cut, whole.length) }
}

async function tokenizerFor(
  config: RunConfig,
  documents: readonly CorpusDocument[],
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<Tokenizer> {
  const text = () => documents.map((each) => each.text).join('')
  switch (config.data.tokenizer) {
    case 'byte':
      return byteTokenizer
    case 'char':
      return charTokenizer(charactersOf(text()))
    case 'bpe': {
      if (config.model.vocab < 257)
        throw new RefusedError('model.vocab', `${config.model.vocab}: tokenizer bpe needs more than the 256 bytes, at least 257`)
      return trainBpe(text(), Math.min(config.model.vocab, 4096), (f) => progress('tokenizer', f, 'learning merges'), signal)
    }
    case 'gpt2':
      progress('tokenizer', null, 'loading GPT-2 tables')
      return loadGpt2Tokenizer()
  }
}

/** Documents one after another in sequences of `width` tokens; each sequence starts with a whole document. */
function pack(documents: readonly CorpusDocument[], tokenizer: Tokenizer, width: number): { tokens: Uint32Array; weights: Uint8Array } {
  const tokens: number[] = []
  const weights: number[] = []
  let room = width
  for (const { text, lossFrom } of documents) {
    const given = lossFrom > 0 ? tokenizer.encode(text.slice(0, lossFrom)) : []
    const learned = tokenizer.encode(text.slice(lossFrom))
    const long = given.length + learned.length > width
    let at = 0
    const total = given.length + learned.length
    while (at < total) {
      const take = Math.min(room, total - at)
      for (let i = at; i < at + take; i++) {
        tokens.push(i < given.length ? given[i]! : learned[i - given.length]!)
        weights.push(i < given.length ? 0 : 1)
      }
      room -= take
      at += take
      if (room === 0) {
        room = width
        // The rest of a short document would start a sequence in its middle: leave it out.
        if (!long) break
      }
    }
  }
  const whole = Math.floor(tokens.length / width) * width
  return { tokens: Uint32Array.from(tokens.slice(0, whole)), weights: Uint8Array.from(weights.slice(0, whole)) }
}

/** Raw uint16 little-endian tokens: sample b of step s starts at (s·global + b)·(sequence + 1); every target counts. */
async function rawTokens(config: RunConfig, path: string, sources: DataSources): Promise<Dataset> {
  if (!sources.readBytes) throw new RefusedError('data.tokens', `"${path}" cannot be read here`)
  const bytes = await sources.readBytes(path)
  if (bytes.length % 2 !== 0) throw new RefusedError('data.tokens', `"${path}" has ${bytes.length} bytes; uint16 tokens take an even number`)
  const width = config.batch.sequence + 1
  const count = bytes.length / 2
  const steps = config.steps ?? 1
  const needed = width * config.batch.global * (config.data.order === 'sequential' ? steps : 1)
  if (count < needed)
    throw new RefusedError('data.tokens', `"${path}" has ${count} tokens; ${steps} steps of ${config.batch.global} samples of ${width} need ${needed}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tokens = new Uint16Array(count)
  for (let i = 0; i < count; i++) {
    tokens[i] = view.getUint16(2 * i, true)
    if (tokens[i]! >= config.model.vocab)
      throw new RefusedError('data.tokens', `"${path}" holds token ${tokens[i]} at ${i}; model.vocab is ${config.model.vocab}`)
  }
  return new Dataset(
    {
      sequence: config.batch.sequence,
      global: config.batch.global,
      seed: config.seed,
      order: config.data.order,
      tokens: sharedCopy(tokens),
      weights: null,
      validationTokens: new Uint32Array(0),
      validationWeights: new Uint8Array(0),
    },
    config.data.tokenizer === 'gpt2' ? await loadGpt2Tokenizer() : byteTokenizer,
  )
}
