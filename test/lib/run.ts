import type { RunConfig } from '../../src/config/types.ts'
import type { RunResult } from '../../src/config/result.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { openNodeGpu } from '../../src/cluster/hosts/node-gpu.ts'
import { nodeRankHost, nodeTaskHost } from '../../src/cluster/hosts/node-tasks.ts'
import type { RankHost } from '../../src/cluster/rank.ts'
import { startRun } from '../../src/cluster/run.ts'
import type { Run, RunOptions } from '../../src/cluster/run.ts'
import type { TransportSetup } from '../../src/cluster/transport/setup.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { prepareDataset } from '../../src/data/prepare.ts'
import type { GpuDevice } from '../../src/gpu/gpu-device.ts'
import { kept } from './kept.ts'

/** Small enough for a second a case, awkward enough to matter: odd widths are in the kernel tests. */
export const SMALL = {
  model: { layers: 2, heads: 4, embed: 32, context: 16, vocab: 256 },
  batch: { global: 8, microbatches: 1, sequence: 16 },
  steps: 1,
}

/**
 * The same of family llama: two query heads to a key head, heads that together are wider than the residual stream, a narrow
 * MLP.
 */
export const SMALL_LLAMA = {
  family: 'llama',
  layers: 2,
  heads: 8,
  kvHeads: 4,
  headSize: 6,
  embed: 32,
  ffn: 40,
  context: 16,
  vocab: 256,
} as const

interface Device {
  /** A device does not outlive the object it came from. */
  readonly gpu: GPU
  readonly opened: GpuDevice
}

/** Devices by what decides which it is. */
export type RankDevices = Map<string, Promise<Device>>

/** Ranks that share these devices and their pipelines; every buffer of a run is destroyed at its end. */
export const rankHostWith = (devices: RankDevices): RankHost => ({
  async openGpu(request, progress) {
    const { cluster } = request.config
    // What decides which device it is; a budget belongs to its pool.
    const key = JSON.stringify([request.rank, request.adapter, cluster.memoryBytes, request.variants])
    const open = async () => ({ gpu: await openNodeGpu(), opened: await nodeRankHost.openGpu(request, progress) })
    const device = devices.get(key) ?? open()
    devices.set(key, device)
    const { opened } = await device
    const forget = () => devices.get(key) === device && devices.delete(key)
    void opened.device.lost.then(forget)
    opened.meter.resetPeak()
    return {
      ...opened,
      dispose() {
        opened.pool.destroyAll()
        opened.meter.resetPeak()
        // What a case left on its device is that case's fault alone: the next one gets another device.
        if (opened.meter.liveBytes > 0) forget()
      },
    }
  },
  openTransport: nodeRankHost.openTransport,
})

/** Ranks share devices across the cases of all files. */
export const reusingRankHost = rankHostWith(kept('rank devices', (): RankDevices => new Map()))

const datasets = kept('datasets', () => new Map<string, Promise<Dataset>>())

/** The data of a configuration, prepared once. */
export function datasetOf(config: RunConfig): Promise<Dataset> {
  const key = JSON.stringify([config.data, config.batch.sequence, config.batch.global, config.seed, config.model.vocab])
  let found = datasets.get(key)
  if (!found) {
    found = prepareDataset(config, {})
    datasets.set(key, found)
  }
  return found
}

export interface Finished {
  readonly config: RunConfig
  readonly result: RunResult
  readonly gradients: ReadonlyMap<string, Float32Array>
  readonly leakedBytes: number
}

/** Starts a configuration (over SMALL). */
export async function startTest(
  input: object,
  options: { transport?: TransportSetup['kind'] } & Partial<RunOptions> = {},
): Promise<Run> {
  const config = parseConfig({ ...SMALL, ...input })
  const host = nodeTaskHost(options.transport ?? 'memory', reusingRankHost)
  return startRun({ config, dataset: await datasetOf(config), host, ...options })
}

/** Trains a configuration (over SMALL) and gives the result with the first step's gradient. */
export async function runToEnd(
  input: object,
  options: { transport?: TransportSetup['kind'] } & Partial<RunOptions> = {},
): Promise<Finished> {
  const run = await startTest(input, { captureGradients: true, ...options })
  const result = await run.finished
  return { config: result.config, result, gradients: run.gradients!, leakedBytes: run.leakedBytes }
}

const references = kept('references', () => new Map<string, Promise<Finished>>())

/** The same training on one device (over SMALL), run once for all cases that are held against it. */
export function oneDevice(input: object): Promise<Finished> {
  const key = JSON.stringify(input)
  const found = references.get(key) ?? runToEnd(input)
  references.set(key, found)
  return found
}
