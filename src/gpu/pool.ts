import type { Category } from '../core/bytes.ts'
import { bytesText, roundBufferBytes } from '../core/bytes.ts'
import { OutOfMemoryError } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { DeviceFaults } from './faults.ts'
import { firstLine } from './faults.ts'
import type { MemoryMeter } from './meter.ts'
import { instrument } from './meter.ts'

/** GPUBufferUsage flags, whose global is absent in Node. */
const USAGE = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128 } as const

/**
 * Creates a device's buffers: checks budget and limits first, counts what is allocated, and turns the device's own
 * refusal into a fault with category and size.
 */
export class BufferPool {
  private readonly live = new Set<GPUBuffer>()
  private readonly hooks: ReturnType<typeof instrument>

  constructor(
    private readonly device: GPUDevice,
    private readonly meter: MemoryMeter,
    private readonly budgetBytes: number | null,
    readonly faults: DeviceFaults,
  ) {
    this.hooks = instrument(device, meter)
  }

  /** A storage buffer of at least `bytes`. Throws OutOfMemoryError beyond the budget or the adapter's limits. */
  acquire(category: Category, bytes: number, label: string): GPUBuffer {
    const { STORAGE, COPY_SRC, COPY_DST } = USAGE
    return this.create(category, roundBufferBytes(bytes), STORAGE | COPY_SRC | COPY_DST, label)
  }

  /** A mappable buffer for read-back, counted as workspace. */
  acquireStaging(bytes: number): GPUBuffer {
    return this.create('workspace', roundBufferBytes(bytes), USAGE.MAP_READ | USAGE.COPY_DST, 'staging')
  }

  acquireUniform(bytes: number): GPUBuffer {
    return this.create('workspace', bytes, USAGE.UNIFORM | USAGE.COPY_DST, 'uniforms')
  }

  /** Recategorizes a buffer. */
  retag(buffer: GPUBuffer, category: Category | 'cached'): void {
    const from = this.hooks.categoryOf.get(buffer)
    if (from === undefined || from === category) return
    this.hooks.categoryOf.set(buffer, category)
    this.meter.move(from, category, buffer.size)
  }

  release(buffer: GPUBuffer): void {
    if (!this.live.delete(buffer)) return
    buffer.destroy()
  }

  /** Releases everything, with the faults about it: the pool is as new. */
  destroyAll(): void {
    for (const buffer of this.live) buffer.destroy()
    this.live.clear()
    this.faults.clear()
  }

  private create(category: Category, size: number, usage: number, label: string): GPUBuffer {
    this.faults.check()
    const { limits } = this.device
    const said = { bytes: bytesText(size), category: sentence(category), label }
    if (this.budgetBytes !== null && this.meter.total + size > this.budgetBytes)
      throw new OutOfMemoryError(
        sentence('buffer-over-budget', {
          ...said,
          held: bytesText(this.meter.total),
          budget: bytesText(this.budgetBytes),
        }),
      )
    const limit =
      usage & USAGE.STORAGE ? Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) : limits.maxBufferSize
    if (size > limit) throw new OutOfMemoryError(sentence('buffer-over-limit', { ...said, limit: bytesText(limit) }))
    const described = (message: string, outOfMemory: boolean) =>
      outOfMemory
        ? sentence('buffer-no-room', said)
        : sentence('gpu-refused-buffer', { ...said, why: firstLine(message) })
    const buffer = this.faults.watch(described, () => {
      this.hooks.next.category = category
      return this.device.createBuffer({ size, usage, label })
    })
    this.live.add(buffer)
    return buffer
  }
}
