import type { RunConfig } from '../config/types.ts'
import type { GpuDevice } from '../gpu/gpu-device.ts'
import { busySeconds, prepareLaunch } from '../gpu/measure.ts'
import type { Launch } from '../model/kernels.ts'
import { axpyLaunch } from '../model/vector-launches.ts'
import { fitDevice, type MeasuredDevice } from '../sim/cost/measured-device.ts'
import type { Device } from '../sim/hardware.ts'
import { hasOwnKernels } from '../strategy/recipes.ts'
import { buildProgram } from '../strategy/build.ts'
import { timeOps } from './measure-program.ts'

/** Sizes that occupy a device for some milliseconds: the side of a product, elements of a stream. */
const SIZES = { software: { side: 384, elements: 2 ** 20 }, hardware: { side: 2048, elements: 2 ** 24 } } as const

/** The rates of this device, from a large product, a long stream and a tiny kernel, each timed separately. */
async function measureRates(gpu: GpuDevice): Promise<Device> {
  const { side, elements } = SIZES[gpu.info.software ? 'software' : 'hardware']
  const shape = { M: side, N: side, K: side }
  const product: Launch = {
    kernel: 'matmul_nn',
    buffers: {},
    params: { ...shape, useBias: 0, accumulate: 0, aOffset: 0, cOffset: 0, lda: side, ldc: side },
    flops: 2 * side ** 3,
    bytes: 0,
  }
  const axpy = (length: number) =>
    axpyLaunch({ buffer: 's', offset: 0, length }, { buffer: 't', offset: 0, length }, true)
  const seconds = async (launch: Launch, room: number) => {
    try {
      return await busySeconds(gpu, [prepareLaunch(gpu, launch, room)])
    } finally {
      gpu.pool.destroyAll()
    }
  }
  const stream = axpy(elements)
  const { vendor, architecture, description } = gpu.info
  return fitDevice({
    title: description || `${vendor} ${architecture}`.trim() || 'this device',
    product: { ...shape, seconds: await seconds(product, side * side) },
    stream: { bytes: stream.bytes, seconds: await seconds(stream, elements) },
    kernelGapSeconds: await seconds(axpy(1), 64),
  })
}

/**
 * Measures this device for the simulator: its rates and, where the configuration's Program is clocked op by op, every
 * distinct op on its own. `known`: ops timed before.
 */
export async function measureDevice(
  gpu: GpuDevice,
  config: RunConfig,
  known?: MeasuredDevice,
  progress: (done: number, of: number) => void = () => {},
): Promise<MeasuredDevice> {
  const device = known?.device ?? (await measureRates(gpu))
  const before = known?.seconds ?? new Map<string, number>()
  if (config.precision !== 'f32' || !hasOwnKernels(config)) return { device, seconds: before }
  const fresh = await timeOps(gpu, buildProgram(config), new Set(before.keys()), progress)
  return { device, seconds: new Map([...before, ...fresh]) }
}
