import { errorOf } from '../../src/core/errors.ts'
import { TRAIN_CASE } from '../../src/cli/bench-case.ts'
import { startPageRun } from '../../src/cluster/browser-run.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { openDevice } from '../../src/gpu/device.ts'
import { KernelRunner } from '../../src/gpu/kernels.ts'
import { productCases, prepareLaunch } from '../../src/gpu/measure.ts'
import type { AdapterResult } from '../../src/config/result.ts'
import type { GpuDevice } from '../../src/gpu/gpu-device.ts'

export { productCases, TRAIN_CASE }

export async function adapter(): Promise<AdapterResult> {
  const gpu = await openDevice({ gpu: navigator.gpu })
  gpu.dispose()
  return gpu.info
}

let opened: GpuDevice | null = null

/** A product as the others have it too: `run` starts it `count` times and resolves when the last one is done. */
export async function product(index: number, variants?: Readonly<Record<string, string>>) {
  opened ??= await openDevice({ gpu: navigator.gpu })
  const gpu = opened
  const { launch, elements } = productCases()[index]!
  const kernels = variants ? new KernelRunner(gpu.device, gpu.pool, { ...variants }) : gpu.kernels
  const prepared = prepareLaunch({ kernels, pool: gpu.pool }, launch, elements)
  return {
    async run(count: number) {
      for (let i = 0; i < count; i++) gpu.queue.launch(prepared)
      await gpu.queue.idle()
    },
    free: () => gpu.pool.destroyAll(),
  }
}

/** The training case on one rank, paused before its first step. */
export async function training() {
  const run = await startPageRun(parseConfig({ ...TRAIN_CASE, steps: 1000 }), {}, { paused: true, evaluateEvery: 0 })
  let last = { milliseconds: 0, loss: 0 }
  const ready = new Promise<void>((resolve, reject) => {
    run.subscribe((event) => {
      if (event.kind === 'step') last = event.result
      else if (event.kind === 'phase' && event.phase === 'paused') resolve()
      else if (event.kind === 'failed') reject(errorOf(event.fault))
    })
  })
  await ready
  return {
    /** Seconds of one training step, and the loss before it. */
    async step() {
      await run.advance('step')
      return { seconds: last.milliseconds / 1000, loss: last.loss }
    },
    free: () => run.stop(),
  }
}
