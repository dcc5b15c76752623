import { open } from 'node:fs/promises'
import { readCheckpoint } from '../checkpoint/store.ts'
import type { Checkpoint } from '../checkpoint/store.ts'
import { loadWeights } from '../checkpoint/load-weights.ts'
import type { ByteSource } from '../checkpoint/safetensors.ts'
import { serializeSafetensors } from '../checkpoint/safetensors.ts'
import type { Run } from '../cluster/run.ts'
import { startRun } from '../cluster/run.ts'
import { nodeThreadHost } from '../cluster/hosts/node-threads.ts'
import { nodeTaskHost } from '../cluster/hosts/node-tasks.ts'
import { closeNodeGpu } from '../cluster/hosts/node-gpu.ts'
import { parseConfig } from '../config/parse.ts'
import type { RunConfig } from '../config/types.ts'
import { RefusedError } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import { prepareDataset } from '../data/prepare.ts'
import { parameterTable } from '../model/parameters.ts'
import { Progress, putResult, readBytes, readJson, readText, writeWhole } from './io.ts'

export interface TrainOptions {
  readonly config: string
  readonly out?: string
  readonly init?: string
  readonly save?: string
  readonly gradients?: string
  readonly checkpoint?: string
  readonly resume?: string
  readonly threads?: boolean
}

/** Ranks this program executes at most on one machine. */
const MOST_RANKS = 64

export function refuseUnexecutable(config: RunConfig): void {
  const { data, tensor, pipeline } = config.parallel
  if (data * tensor * pipeline > MOST_RANKS)
    throw new RefusedError('parallel', `${data * tensor * pipeline} ranks; execution takes at most ${MOST_RANKS}`)
}

export function datasetOf(config: RunConfig, progress: Progress): Promise<Dataset> {
  return prepareDataset(
    config,
    { readText: (path) => readText(path, 'data.text'), readBytes: (path) => readBytes(path, 'data.tokens') },
    (what, fraction, detail) =>
      progress.say(`${what}: ${detail}${fraction === null ? '' : ` ${Math.round(fraction * 100)} %`}`),
  )
}

/** Reads ranges of a file without taking all of it into memory. */
export async function fileSource(path: string, option: string): Promise<ByteSource & { close(): Promise<void> }> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new RefusedError(option, `"${path}" cannot be read (${error.code})`)
  })
  const { size } = await file.stat()
  return {
    size,
    async read(begin, end) {
      const bytes = new Uint8Array(end - begin)
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, begin + at)
        if (bytesRead === 0) throw new RefusedError(option, `"${path}" ends at byte ${begin + at}`)
        at += bytesRead
      }
      return bytes
    },
    close: () => file.close(),
  }
}

export async function readWeights(path: string, config: RunConfig, option: string): Promise<Map<string, Float32Array>> {
  const source = await fileSource(path, option)
  try {
    return await loadWeights(source, parameterTable(config.model))
  } finally {
    await source.close()
  }
}

async function openCheckpoint(path: string): Promise<Checkpoint> {
  const source = await fileSource(path, 'resume')
  try {
    return await readCheckpoint(source)
  } finally {
    await source.close()
  }
}

function asFile(config: RunConfig, tensors: ReadonlyMap<string, Float32Array>): Uint8Array {
  return serializeSafetensors(
    parameterTable(config.model).map(({ name, shape }) => ({ name, shape, data: tensors.get(name)! })),
  )
}

/** `train`: executes on the GPU and gives the result. */
export async function train(options: TrainOptions): Promise<void> {
  const config = parseConfig(await readJson(options.config, 'config'))
  refuseUnexecutable(config)
  const progress = new Progress()
  let run: Run | null = null
  try {
    const init = options.init === undefined ? undefined : await readWeights(options.init, config, 'init')
    const resume = options.resume === undefined ? undefined : await openCheckpoint(options.resume)
    const dataset = await datasetOf(config, progress)
    const total = config.steps ?? config.epochs! * dataset.stepsPerEpoch
    run = await startRun({
      config,
      dataset,
      host: options.threads ? nodeThreadHost(new URL(import.meta.url)) : nodeTaskHost(),
      ...(init ? { init } : {}),
      ...(resume ? { resume } : {}),
      captureGradients: options.gradients !== undefined,
      onEvent: (event) => {
        if (event.kind !== 'step') return
        const { step, loss } = event.result
        progress.say(
          `step ${step + 1}/${total}  loss ${loss.toFixed(4)}  ${(event.tokensPerSecond ?? 0).toFixed(0)} tokens/s`,
        )
      },
    })
    run.keepCheckpoint = options.checkpoint !== undefined
    run.keepWeights = options.save !== undefined
    const result = await run.finished
    progress.end()
    if (options.gradients !== undefined) await writeWhole(options.gradients, asFile(config, run.gradients!))
    if (options.save !== undefined) await writeWhole(options.save, asFile(config, run.finalWeights!))
    if (options.checkpoint !== undefined)
      await writeWhole(options.checkpoint, new Uint8Array(await run.finalCheckpoint!.arrayBuffer()))
    await putResult(JSON.stringify(result, null, 2), options.out)
  } finally {
    progress.end()
    closeNodeGpu()
  }
}
