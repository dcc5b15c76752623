import type { AdapterResult } from '../config/result.ts'
import type { CommandQueue } from './command-queue.ts'
import type { DeviceFaults } from './faults.ts'
import type { KernelRunner } from './kernels.ts'
import type { MemoryMeter } from './meter.ts'
import type { BufferPool } from './pool.ts'

/** A device with its meter, pool, kernels and queue. */
export interface GpuDevice {
  readonly device: GPUDevice
  readonly info: AdapterResult
  readonly meter: MemoryMeter
  readonly pool: BufferPool
  readonly kernels: KernelRunner
  readonly queue: CommandQueue
  readonly variants: Readonly<Record<string, string>>
  /** Faults of the device. */
  readonly faults: DeviceFaults
  dispose(): void
}
