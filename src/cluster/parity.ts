import type { RunConfig } from '../config/types.ts'
import type { Dataset } from '../data/dataset.ts'
import type { ClusterHost } from './cluster.ts'
import { startRun } from './run.ts'
import type { ParityReport } from './run-events.ts'

/** The same model, data and batch on one device: the reference for a strategy. */
function onOneDevice(config: RunConfig): RunConfig {
  return {
    ...config,
    batch: { ...config.batch, microbatches: 1, shares: null },
    parallel: {
      ...config.parallel,
      data: 1,
      tensor: 1,
      pipeline: 1,
      dataMode: 'ddp',
      zero: 0,
      schedule: '1f1b',
      chunks: 1,
      partition: 'even',
      sequenceParallel: false,
      recompute: 'none',
      compression: { kind: 'none' },
    },
    cluster: { ...config.cluster, adapters: 'default', memoryBytes: null, stragglers: [] },
  }
}

function norm(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

/**
 * ‖a − b‖ of a tensor over its norm; for a nearly zero gradient, over a hundredth of the global norm (a difference of
 * 1e-7 of the global norm then reads 1e-5).
 */
function relativeDifference(a: Float32Array, b: Float32Array, floor: number): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2
  return Math.sqrt(sum) / Math.max(norm(b), floor, Number.MIN_VALUE)
}

async function firstStep(config: RunConfig, dataset: Dataset, host: ClusterHost) {
  const run = await startRun({ config: { ...config, steps: 1, epochs: null }, dataset, host, captureGradients: true })
  const { steps } = await run.finished
  return { gradients: run.gradients!, loss: steps![0]!.loss }
}

/** Runs the first step twice, on the cluster and on one device, and compares every tensor's gradient. */
export async function checkParity(config: RunConfig, dataset: Dataset, host: ClusterHost): Promise<ParityReport> {
  const cluster = await firstStep(config, dataset, host)
  const one = await firstStep(onOneDevice(config), dataset, host)
  const global = Math.sqrt([...one.gradients.values()].reduce((sum, each) => sum + norm(each) ** 2, 0))
  const tensors = [...one.gradients].map(([name, values]) => ({
    name,
    relativeDifference: relativeDifference(cluster.gradients.get(name)!, values, 1e-2 * global),
  }))
  const worst = tensors.reduce((a, b) => (b.relativeDifference > a.relativeDifference ? b : a))
  return { tensors, worst, lossDifference: Math.abs(cluster.loss - one.loss) }
}
