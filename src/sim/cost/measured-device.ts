import { UNCALIBRATED_DEVICE, type Device } from '../hardware.ts'
import { calibrationOf } from './calibration.ts'
import { kernelSeconds, type KernelWork } from './kernel-seconds.ts'

/** A few kernels of this project, each timed separately on one device. */
export interface DeviceTimings {
  /** The adapter's name. */
  readonly title: string
  /** A large matrix product. */
  readonly product: { readonly M: number; readonly N: number; readonly K: number; readonly seconds: number }
  /** An element-wise kernel: bytes it reads and writes. */
  readonly stream: { readonly bytes: number; readonly seconds: number }
  /** From one tiny kernel to the next. */
  readonly kernelGapSeconds: number
}

/** Measurements of the user's own device, replacing the assumptions of "this". */
export interface MeasuredDevice {
  readonly device: Device
  /** Seconds of distinct ops by `workKey`, each timed separately; others use the device's rates. */
  readonly seconds: ReadonlyMap<string, number>
}

/**
 * The hardware table row that reproduces the measurements: rates solved from `kernelSeconds`. WebGPU does not report
 * memory, so that stays the assumption of "this"; mixed precision runs at the f32 rate, as these kernels would.
 */
export function fitDevice({ title, product, stream, kernelGapSeconds }: DeviceTimings): Device {
  const { M, N, K } = product
  const matmul: KernelWork = { kind: 'matmul', batch: 1, M, N, K, bytes: 0, launches: 1 }
  const memory: KernelWork = { kind: 'memory', bytes: stream.bytes, launches: 1 }
  const deviceOf = (flops: number, memoryBandwidth: number): Device => ({
    ...UNCALIBRATED_DEVICE,
    title,
    peakFlops: { f32: flops, 'mixed-bf16': flops, 'mixed-f16': flops },
    memoryBandwidth,
    kernelGapSeconds,
    source: 'kernels of this project timed alone on this device; its memory is an assumption',
  })
  const seconds = (work: KernelWork, device: Device) => kernelSeconds(work, device, 'f32', calibrationOf(device))
  const memoryBandwidth = rateFor(stream.seconds, (rate) => seconds(memory, deviceOf(1, rate)))
  return deviceOf(
    rateFor(product.seconds, (rate) => seconds(matmul, deviceOf(rate, memoryBandwidth))),
    memoryBandwidth,
  )
}

/** Per second: every device lies within. */
const [LOWEST_RATE, HIGHEST_RATE] = [1e6, 1e18]
const HALVINGS = 80

/** The rate at which `seconds` (decreasing in the rate) equals the measurement. */
function rateFor(measured: number, seconds: (rate: number) => number): number {
  let [low, high] = [Math.log(LOWEST_RATE), Math.log(HIGHEST_RATE)]
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (seconds(Math.exp(middle)) > measured) low = middle
    else high = middle
  }
  return Math.exp(low)
}
