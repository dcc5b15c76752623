import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import { renameRefusedField } from '../core/rename-refused-field.ts'
import { Dataset, shareBytes, shareWords } from './dataset.ts'
import { pacer } from './pacer.ts'
import { readRawTokens } from './raw-tokens.ts'
import type { DataSources } from './sources.ts'
import { openSource } from './sources.ts'
import type { OnProgress } from './tokenizer-for.ts'
import { tokenizerFor } from './tokenizer-for.ts'
import type { Tokenizer } from './tokenizers/tokenizer.ts'

/** Tokens are stored in 16 bits. */
const MAX_IDS = 65536

/**
 * Tokenizes and packs the configured data. Throws RefusedError naming the field of `data`, `batch.sequence` or
 * `model.vocab`, or the signal's reason when aborted.
 */
export async function prepareDataset(
  config: RunConfig,
  sources: DataSources,
  progress: OnProgress = () => {},
): Promise<Dataset> {
  const { tokens: path, corpus } = config.data
  if (path !== null) return rawDataset(config, path, sources)
  progress('data', null, 'reading')
  const source = await openSource(config, sources)
  const tokenizer = await tokenizerFor(config, sources, progress, async () => source)
  refuseVocabulary(config, tokenizer)
  progress('data', null, 'tokenizing')
  const { sequence, global } = config.batch
  const pace = pacer(sources.signal)
  const pack = (split: 'train' | 'validation') =>
    renameRefusedField('text', source.field, () => source.pack(split, tokenizer, sequence + 1, pace))
  const train = await pack('train')
  if (train.sequences === 0 && source.field === 'data.corpus')
    throw refused('batch.sequence', 'sequence-too-short-for-corpus', { sequence, corpus: corpus! })
  if (train.sequences < global)
    throw refused(source.field, 'data-fewer-than-batch', { sequences: train.sequences, tokens: sequence + 1, global })
  const held = await pack('validation')
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

/** A dataset without tokens, for a run that only generates: it provides the tokenizer and the window. */
export function emptyDataset({ batch, data, seed, model }: RunConfig, tokenizer: Tokenizer): Dataset {
  refuseVocabulary({ data, model }, tokenizer)
  const none = new Uint16Array(0)
  const { sequence, global } = batch
  const held = { validationTokens: none, validationWeights: null }
  return new Dataset({ sequence, global, seed, order: 'sequential', tokens: none, weights: null, ...held }, tokenizer)
}

function refuseVocabulary({ data, model }: Pick<RunConfig, 'data' | 'model'>, tokenizer: Tokenizer): void {
  if (tokenizer.vocabSize > model.vocab)
    throw refused('model.vocab', 'vocab-smaller-than-tokenizer', {
      vocab: model.vocab,
      ids: tokenizer.vocabSize,
      tokenizer: data.tokenizer,
    })
  if (tokenizer.vocabSize > MAX_IDS)
    throw refused('data.tokenizer', 'tokenizer-makes-too-many-ids', {
      tokenizer: data.tokenizer,
      ids: tokenizer.vocabSize,
      most: MAX_IDS,
    })
}

async function rawDataset(config: RunConfig, path: string, sources: DataSources): Promise<Dataset> {
  if (!sources.readBytes) throw refused('data.tokens', 'file-not-readable-here', { path })
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
    // Only the user knows whether these ids match the weights': their tokenizer is the configuration's.
    await tokenizerFor(config, {}),
  )
}
