import type { BytesByCategory, Category, PeakBytes } from '../core/bytes.ts'
import { CATEGORIES, zeroByCategory, zeroPeak } from '../core/bytes.ts'

/**
 * Live and peak bytes per category of one device. Updated by createBuffer and destroy only; `move` recategorizes
 * existing bytes.
 */
export class MemoryMeter {
  readonly live: BytesByCategory = zeroByCategory()
  cached = 0
  readonly peak: PeakBytes = zeroPeak()

  get total(): number {
    return this.liveBytes + this.cached
  }

  /** Without buffers cached for reuse. */
  get liveBytes(): number {
    return CATEGORIES.reduce((sum, each) => sum + this.live[each], 0)
  }

  add(category: Category | 'cached', bytes: number): void {
    if (category === 'cached') this.cached += bytes
    else this.live[category] += bytes
    this.updatePeaks()
  }

  remove(category: Category | 'cached', bytes: number): void {
    if (category === 'cached') this.cached -= bytes
    else this.live[category] -= bytes
  }

  move(from: Category | 'cached', to: Category | 'cached', bytes: number): void {
    if (from === to) return
    this.remove(from, bytes)
    this.add(to, bytes)
  }

  /** Runs `work` (a readback, another Program) without affecting the peaks of the training step. */
  async preservingPeaks<Value>(work: () => Promise<Value>): Promise<Value> {
    const before = { ...this.peak }
    try {
      return await work()
    } finally {
      Object.assign(this.peak, before)
    }
  }

  resetPeak(): void {
    Object.assign(this.peak, zeroPeak())
    this.updatePeaks()
  }

  private updatePeaks(): void {
    for (const each of CATEGORIES) this.peak[each] = Math.max(this.peak[each], this.live[each])
    this.peak.cached = Math.max(this.peak.cached, this.cached)
    this.peak.total = Math.max(this.peak.total, this.total)
  }
}

/** Category of the next buffer to be created; workspace unless announced. */
export interface NextAllocation {
  category: Category
}

/** Wraps createBuffer and destroy so that every buffer of the device is counted, whoever creates it. */
export function instrument(
  device: GPUDevice,
  meter: MemoryMeter,
): { next: NextAllocation; categoryOf: WeakMap<GPUBuffer, Category | 'cached'> } {
  const next: NextAllocation = { category: 'workspace' }
  const categoryOf = new WeakMap<GPUBuffer, Category | 'cached'>()
  const create = device.createBuffer.bind(device)
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor)
    const { category } = next
    next.category = 'workspace'
    categoryOf.set(buffer, category)
    meter.add(category, descriptor.size)
    const destroy = buffer.destroy.bind(buffer)
    buffer.destroy = () => {
      const counted = categoryOf.get(buffer)
      if (counted !== undefined) meter.remove(counted, descriptor.size)
      categoryOf.delete(buffer)
      destroy()
      return undefined
    }
    return buffer
  }
  return { next, categoryOf }
}
