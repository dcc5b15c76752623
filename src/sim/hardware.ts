import { refused } from '../core/errors.ts'
import type { DEVICE_IDS } from '../config/names.ts'
import type { Precision } from '../config/types.ts'

/** A device of the virtual cluster. Rates are per second and per device; dense, without sparsity. */
export interface Device {
  readonly title: string
  /** Multiply-adds counted as 2, by the precision of the matrix products (accumulation in f32). */
  readonly peakFlops: Readonly<Record<Precision, number>>
  readonly memoryBytes: number
  /** Bytes per second of its own memory. */
  readonly memoryBandwidth: number
  /** Units that each process one tile of a matrix product (SM, core); products run in waves of this many. */
  readonly multiprocessors: number
  /** Measured seconds from one kernel to the next; absent: the software row's. */
  readonly kernelGapSeconds?: number
  /** Calibration table row with the efficiencies of real kernels. */
  readonly calibration: 'volta' | 'ampere' | 'hopper' | 'generic'
  /** Source of the figures. */
  readonly source: string
}

/**
 * Bytes per second an optimizer on the host moves through its memory: eight channels of DDR4-3200, half of it reached.
 */
export const HOST_MEMORY_BANDWIDTH = 100e9

const GiB = 2 ** 30
const T = 1e12
const G = 1e9

/** Peaks with f32, bf16 and f16; a device without bf16 units runs it at its f32 rate. */
function peaks(f32: number, bf16: number, f16: number): Device['peakFlops'] {
  return { f32: f32 * T, 'mixed-bf16': bf16 * T, 'mixed-f16': f16 * T }
}

const V100 = {
  peakFlops: peaks(15.7, 15.7, 125),
  memoryBandwidth: 900 * G,
  multiprocessors: 80,
  calibration: 'volta',
  source: 'NVIDIA V100 datasheet (SXM2): 15.7 / 125 TFLOP/s, 900 GB/s; 80 SMs: Volta architecture whitepaper',
} as const

const A100 = {
  peakFlops: peaks(19.5, 312, 312),
  multiprocessors: 108,
  calibration: 'ampere',
  source: 'NVIDIA A100 datasheet (SXM4): 19.5 / 312 TFLOP/s, 1,555 GB/s (40 GB) or 2,039 GB/s (80 GB); 108 SMs',
} as const

const HOPPER = { peakFlops: peaks(67, 989.4, 989.4), multiprocessors: 132, calibration: 'hopper' } as const

export const DEVICES = {
  'v100-16gb': { ...V100, title: 'V100 16 GB', memoryBytes: 16 * GiB },
  'v100-32gb': { ...V100, title: 'V100 32 GB', memoryBytes: 32 * GiB },
  'a100-40gb': { ...A100, title: 'A100 40 GB', memoryBytes: 40 * GiB, memoryBandwidth: 1555 * G },
  'a100-80gb': { ...A100, title: 'A100 80 GB', memoryBytes: 80 * GiB, memoryBandwidth: 2039 * G },
  'h100-80gb': {
    ...HOPPER,
    title: 'H100 80 GB',
    memoryBytes: 80 * GiB,
    memoryBandwidth: 3350 * G,
    source: 'NVIDIA H100 datasheet (SXM5): 67 / 989.4 TFLOP/s, 3.35 TB/s; 132 SMs: Hopper architecture whitepaper',
  },
  'h200-141gb': {
    ...HOPPER,
    title: 'H200 141 GB',
    memoryBytes: 141 * G,
    memoryBandwidth: 4800 * G,
    source: 'NVIDIA H200 datasheet (SXM): 67 / 989 TFLOP/s, 141 GB, 4.8 TB/s; the chip of H100',
  },
  'b200-192gb': {
    title: 'B200 192 GB',
    peakFlops: peaks(80, 2250, 2250),
    memoryBytes: 192 * G,
    memoryBandwidth: 8000 * G,
    multiprocessors: 148,
    calibration: 'hopper',
    source: 'NVIDIA DGX B200 datasheet over 8: 2.25 PFLOP/s dense f16, 8 TB/s; efficiencies taken from H100',
  },
  p40: {
    title: 'P40',
    peakFlops: peaks(11.76, 11.76, 11.76),
    memoryBytes: 24 * G,
    memoryBandwidth: 346 * G,
    multiprocessors: 30,
    calibration: 'generic',
    source: 'NVIDIA Tesla P40 datasheet: 12 TFLOP/s f32, 24 GB, 346 GB/s; no fast f16, so mixed runs at the f32 rate',
  },
  t4: {
    title: 'T4',
    peakFlops: peaks(8.1, 8.1, 65),
    memoryBytes: 16 * G,
    memoryBandwidth: 300 * G,
    multiprocessors: 40,
    calibration: 'generic',
    source: 'NVIDIA T4 datasheet: 8.1 / 65 TFLOP/s, 16 GB, 300 GB/s',
  },
  rtx3090: {
    title: 'RTX 3090',
    peakFlops: peaks(35.6, 71, 71),
    memoryBytes: 24 * GiB,
    memoryBandwidth: 936 * G,
    multiprocessors: 82,
    calibration: 'ampere',
    source: 'NVIDIA GA102 whitepaper: 35.6 TFLOP/s f32, 71 TFLOP/s f16 with f32 accumulation, 936 GB/s',
  },
  rtx4090: {
    title: 'RTX 4090',
    peakFlops: peaks(82.6, 165.2, 165.2),
    memoryBytes: 24 * GiB,
    memoryBandwidth: 1008 * G,
    multiprocessors: 128,
    calibration: 'ampere',
    source: 'NVIDIA Ada whitepaper: 82.6 TFLOP/s f32, 165.2 TFLOP/s f16 with f32 accumulation, 1,008 GB/s',
  },
  'm1-max': {
    title: 'Apple M1 Max (32 cores)',
    peakFlops: peaks(10.4, 10.4, 10.4),
    memoryBytes: 64 * GiB,
    memoryBandwidth: 400 * G,
    multiprocessors: 32,
    calibration: 'generic',
    source: 'Apple press release for M1 Max: 10.4 TFLOP/s, 400 GB/s unified memory, up to 64 GB',
  },
  'm2-max': {
    title: 'Apple M2 Max (38 cores)',
    peakFlops: peaks(13.6, 13.6, 13.6),
    memoryBytes: 96 * GiB,
    memoryBandwidth: 400 * G,
    multiprocessors: 38,
    calibration: 'generic',
    source: 'Apple press release for M2 Max: 13.6 TFLOP/s, 400 GB/s unified memory, up to 96 GB',
  },
  'm3-max': {
    title: 'Apple M3 Max (40 cores)',
    peakFlops: peaks(14.2, 14.2, 14.2),
    memoryBytes: 128 * GiB,
    memoryBandwidth: 400 * G,
    multiprocessors: 40,
    calibration: 'generic',
    source: 'Apple specifications: 40 cores, 400 GB/s, up to 128 GB; rate from 128 lanes a core at 1.39 GHz',
  },
  'tpu-v3': {
    title: 'TPU v3 (one core)',
    peakFlops: peaks(4, 61.5, 61.5),
    memoryBytes: 16 * GiB,
    memoryBandwidth: 450 * G,
    multiprocessors: 2,
    calibration: 'generic',
    source:
      'Google Cloud TPU documentation: 123 TFLOP/s bf16, 32 GiB, 900 GB/s per chip of two cores; f32 vector rate from ' +
      'Jouppi et al., CACM 63(7), 2020',
  },
} as const satisfies Record<Exclude<(typeof DEVICE_IDS)[number], 'this'>, Device>

export type DeviceName = keyof typeof DEVICES

/** "this": the assumed GPU of an uncalibrated run, a mid-range laptop part; calibration replaces it. */
export const UNCALIBRATED_DEVICE: Device = {
  title: 'this device (not calibrated)',
  peakFlops: peaks(5, 5, 5),
  memoryBytes: 8 * GiB,
  memoryBandwidth: 200 * G,
  multiprocessors: 32,
  calibration: 'generic',
  source: 'an assumption, stated as one',
}

const DEVICE_NAMES = Object.keys(DEVICES) as readonly DeviceName[]

function isDeviceName(name: string): name is DeviceName {
  return Object.hasOwn(DEVICES, name)
}

/** @param own the measured "this". Throws RefusedError for a name outside the table. */
export function deviceOf(name: string, own: Device = UNCALIBRATED_DEVICE): Device {
  if (name === 'this') return own
  if (isDeviceName(name)) return DEVICES[name]
  throw refused('cluster.device', 'device-unknown', { name, known: DEVICE_NAMES.join(', ') })
}
