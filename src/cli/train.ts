import { meshSize } from '../core/mesh.ts'
import { readCheckpoint } from '../checkpoint/store.ts'
import type { Checkpoint } from '../checkpoint/store.ts'
import { openGivenWeights } from '../cluster/given-weights.ts'
import type { RunOptions } from '../cluster/run.ts'
import { nodeThreadHost } from '../cluster/hosts/node-threads.ts'
import { nodeTaskHost } from '../cluster/hosts/node-tasks.ts'
import { closeNodeGpu } from '../cluster/hosts/node-gpu.ts'
import { parseConfig } from '../config/parse.ts'
import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import { renameRefusedField } from '../core/rename-refused-field.ts'
import { prepareDataset } from '../data/prepare.ts'
import type { DataSources } from '../data/sources.ts'
import type { TokenizerState } from '../data/tokenizers/tokenizer.ts'
import { ProgressLine } from './io.ts'
import { openOutputs } from './outputs.ts'
import { fileSource, readBytes, readJson, readText, withWeightsFile } from './read.ts'
import { runAndWrite } from './run-and-write.ts'

export interface TrainOptions {
  readonly config: string
  readonly out?: string
  readonly init?: string
  readonly save?: string
  readonly gradients?: string
  readonly checkpoint?: string
  readonly resume?: string
  readonly allowMissingBias?: boolean
  readonly threads?: boolean
}

/** Most ranks that one machine executes. */
const MAX_RANKS = 64

export const MISSING_BIAS_ADVICE = '--allow-missing-bias takes missing biases as zero'

export function refuseUnexecutable(config: RunConfig): void {
  const ranks = meshSize(config.parallel)
  if (ranks > MAX_RANKS) throw refused('parallel', 'too-many-ranks-to-execute', { ranks, most: MAX_RANKS })
}

/** Reads the files that a configuration names by path. */
export const FILE_READERS: DataSources = {
  readText: (path) => readText(path, 'data.text'),
  readBytes: (path) => readBytes(path, 'data.tokens'),
}

export function reporting(progress: ProgressLine) {
  return (what: string, fraction: number | null, detail: string) =>
    progress.show(`${what}: ${detail}${fraction === null ? '' : ` ${Math.round(fraction * 100)} %`}`)
}

function refuseContradictions(options: TrainOptions, { parallel }: RunConfig): void {
  if (options.init !== undefined && options.resume !== undefined) throw refused('init', 'init-given-with-resume')
  if (options.allowMissingBias && options.init === undefined)
    throw refused('allow-missing-bias', 'missing-bias-without-init')
  const { async, maxStaleness } = parallel.server
  if (options.checkpoint !== undefined && parallel.dataMode === 'parameter-server' && async && maxStaleness > 0)
    throw refused('checkpoint', 'server-has-no-checkpoint-save')
}

interface Init {
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly tokenizer: TokenizerState | null
}

function readInit(path: string, config: RunConfig, allowMissingBias: boolean): Promise<Init> {
  return withWeightsFile(path, 'init', async (file) => {
    const from = { field: 'init', allowMissingBias, missingBiasAdvice: MISSING_BIAS_ADVICE }
    const given = openGivenWeights(config, file, from)
    return { weights: await given.load(), tokenizer: given.tokenizer }
  })
}

async function openCheckpoint(path: string): Promise<Checkpoint> {
  const source = await fileSource(path, 'resume')
  try {
    return await readCheckpoint(source)
  } finally {
    await source.close()
  }
}

/** `train`: executes on the GPU and returns the result. */
export async function train(options: TrainOptions): Promise<void> {
  const config = parseConfig(await readJson(options.config, 'config'))
  refuseUnexecutable(config)
  refuseContradictions(options, config)
  const { out, save, gradients, checkpoint } = options
  const outputs = await openOutputs({ out, save, gradients, checkpoint })
  const progress = new ProgressLine()
  try {
    const init = options.init === undefined ? null : await readInit(options.init, config, !!options.allowMissingBias)
    // Named as the option: --checkpoint is an output.
    const resumed = <Value>(work: () => Promise<Value>) => renameRefusedField('checkpoint', 'resume', work)
    const { resume: path } = options
    const resume = path === undefined ? undefined : await resumed(() => openCheckpoint(path))
    const sources = init?.tokenizer ? { ...FILE_READERS, tokenizer: init.tokenizer } : FILE_READERS
    const dataset = await prepareDataset(config, sources, reporting(progress))
    const request: RunOptions = {
      config,
      dataset,
      host: options.threads ? nodeThreadHost(new URL(import.meta.url)) : nodeTaskHost(),
      ...(init ? { init: init.weights } : {}),
      ...(resume ? { resume } : {}),
    }
    await resumed(() => runAndWrite(request, outputs, progress))
  } finally {
    progress.end()
    closeNodeGpu()
  }
}
