import { readWeightsMetadata } from '../checkpoint/weights-metadata.ts'
import type { WeightsMetadata } from '../checkpoint/weights-metadata.ts'
import type { SafetensorsFile } from '../checkpoint/safetensors.ts'
import { openGivenWeights } from '../cluster/given-weights.ts'
import { startRun } from '../cluster/run.ts'
import { nodeTaskHost } from '../cluster/hosts/node-tasks.ts'
import { closeNodeGpu } from '../cluster/hosts/node-gpu.ts'
import { parseConfig } from '../config/parse.ts'
import { isObject } from '../config/quoted.ts'
import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import { renameRefusedField } from '../core/rename-refused-field.ts'
import { emptyDataset } from '../data/prepare.ts'
import { tokenizerFor } from '../data/tokenizer-for.ts'
import { openTokenizer } from '../data/tokenizers/open.ts'
import { readTokenizerText } from '../data/tokenizers/state-text.ts'
import type { Tokenizer, TokenizerState } from '../data/tokenizers/tokenizer.ts'
import { ProgressLine, putResult } from './io.ts'
import { readJson, withWeightsFile } from './read.ts'
import { FILE_READERS, MISSING_BIAS_ADVICE, refuseUnexecutable, reporting } from './train.ts'

export interface GenerateOptions {
  readonly weights: string
  readonly prompt: string
  readonly config?: string
  readonly tokens: string
  readonly temperature: string
  readonly topK: string
  readonly seed: string
  readonly allowMissingBias?: boolean
}

function number(value: string, field: string, least: number, most: number, whole: boolean): number {
  const parsed = Number(value)
  if (value.trim() === '' || !(parsed >= least && parsed <= most) || (whole && !Number.isInteger(parsed)))
    throw refused(field, whole ? 'not-a-whole-number' : 'not-a-number', { value: `"${value}"`, least, most })
  return parsed
}

/**
 * The configuration to generate with: the given blocks, and the file's metadata for the others. Throws RefusedError
 * where neither has it: heads and tokenizer cannot be inferred from tensors.
 */
export function configFor(
  given: unknown,
  about: WeightsMetadata,
  state: TokenizerState | null,
  path: string,
): RunConfig {
  if (given !== undefined && !isObject(given)) return parseConfig(given)
  if (given === undefined) {
    const missing = [...(about.model ? [] : ['model (heads)']), ...(state ? [] : ['tokenizer'])]
    if (missing.length > 0) throw refused('weights', 'weights-say-too-little', { path, missing: missing.join(' and ') })
  }
  const fromFile = {
    ...(about.model ? { model: about.model } : {}),
    ...(state ? { data: { tokenizer: state.kind } } : {}),
    ...(about.sequence === null ? {} : { batch: { sequence: about.sequence } }),
    // A single window is all that is requested.
    ...(given === undefined ? { batch: { global: 1, microbatches: 1, sequence: about.sequence ?? undefined } } : {}),
  }
  return parseConfig({ ...fromFile, ...given })
}

async function tokenizerOf(
  config: RunConfig,
  state: TokenizerState | null,
  progress: ProgressLine,
): Promise<Tokenizer> {
  if (state === null) return tokenizerFor(config, FILE_READERS, reporting(progress))
  if (state.kind !== config.data.tokenizer)
    throw refused('data.tokenizer', 'tokenizer-differs', { tokenizer: config.data.tokenizer, trained: state.kind })
  return openTokenizer(state)
}

interface Opened {
  readonly config: RunConfig
  readonly tokenizer: Tokenizer
  readonly init: ReadonlyMap<string, Float32Array>
}

async function open(
  file: SafetensorsFile,
  given: unknown,
  options: GenerateOptions,
  progress: ProgressLine,
): Promise<Opened> {
  const about = readWeightsMetadata(file.header, 'weights')
  const state = about.tokenizer === null ? null : readTokenizerText(about.tokenizer, 'weights')
  const config = configFor(given, about, state, options.weights)
  refuseUnexecutable(config)
  const tokenizer = await tokenizerOf(config, state, progress)
  await renameRefusedField('text', 'prompt', async () => tokenizer.encode(options.prompt))
  const { allowMissingBias = false } = options
  const from = { field: 'weights', allowMissingBias, missingBiasAdvice: MISSING_BIAS_ADVICE }
  return { config, tokenizer, init: await openGivenWeights(config, file, from).load() }
}

/** `generate`: continues a prompt with weights on disk, under the configuration's parallelism when one is given. */
export async function generate(options: GenerateOptions): Promise<void> {
  const request = {
    prompt: options.prompt,
    tokens: number(options.tokens, 'tokens', 1, 100_000, true),
    temperature: number(options.temperature, 'temperature', 0, 100, false),
    topK: number(options.topK, 'top-k', 0, 1_000_000, true),
    seed: number(options.seed, 'seed', 0, Number.MAX_SAFE_INTEGER, true),
  }
  if (request.prompt === '') throw refused('prompt', 'prompt-without-tokens', { prompt: '' })
  const given = options.config === undefined ? undefined : await readJson(options.config, 'config')
  const progress = new ProgressLine()
  try {
    const { config, tokenizer, init } = await withWeightsFile(options.weights, 'weights', (file) =>
      open(file, given, options, progress),
    )
    const dataset = emptyDataset(config, tokenizer)
    const run = await startRun({ config, dataset, host: nodeTaskHost(), init, startPaused: true })
    try {
      const text = await run.generate(request, () => undefined)
      await putResult(request.prompt + text)
    } finally {
      await run.stop().catch(() => undefined)
    }
  } finally {
    progress.end()
    closeNodeGpu()
  }
}
