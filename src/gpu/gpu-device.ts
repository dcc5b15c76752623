import type { AdapterResult } from '../config/result.ts'
import type { CommandQueue } from './command-queue.ts'
import type { KernelRunner } from './kernels.ts'
import type { MemoryMeter } from './meter.ts'
import type { BufferPool } from './pool.ts'

/** A device with everything that counts, binds and submits on it. */
export interface GpuDevice {
  readonly device: GPUDevice
  readonly info: AdapterResult
  readonly meter: MemoryMeter
  readonly pool: BufferPool
  readonly kernels: KernelRunner
  readonly queue: CommandQueue
  readonly variants: Readonly<Record<string, string>>
  /** Resolves with a sentence when the device is lost other than by `dispose`. */
  readonly lost: Promise<string>
  dispose(): void
}
