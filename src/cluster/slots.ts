import type { BytesByCategory, PeakBytes } from '../core/bytes.ts'
import { invariant } from '../core/errors.ts'
import type { GpuDevice } from '../gpu/gpu-device.ts'
import type { UniformArena } from '../gpu/kernels.ts'
import type { ExtentPlan, MemoryPlan } from '../schedule/memory-plan.ts'
import type { BufferSpec, RankProgram } from '../schedule/program.ts'

/**
 * One rank's buffers by name, following the memory plan: a slot becomes a real buffer on first use, changes its
 * category when another buffer takes it over, and is destroyed with the rank. Bytes are counted by the device's
 * createBuffer and destroy, not from the plan.
 */
export class Slots {
  private readonly device: (GPUBuffer | null)[] = []
  private readonly host: (Float32Array | null)[] = []
  private current: ExtentPlan | null = null
  /** Kernel parameters of this Program. */
  uniforms: UniformArena | null = null

  constructor(
    private readonly gpu: GpuDevice | null,
    private readonly rank: RankProgram,
    private readonly plan: MemoryPlan,
    /** Persistent buffers already created by another Program of this rank. */
    private readonly shared: Slots | null,
  ) {
    for (const [name, slot] of plan.persistent)
      if (shared === null || !shared.holds(name) || rank.buffers.get(name)!.home === 'uniform') this.create(name, slot)
  }

  enter(extent: ExtentPlan): void {
    this.current = extent
  }

  holds(name: string): boolean {
    return this.plan.persistent.has(name)
  }

  /** The buffer's life starts: from now on its slot exists and counts under its category. */
  acquire(name: string): void {
    const slot = this.slot(name)
    const spec = this.spec(name)
    if (this.device[slot] === undefined && this.host[slot] === undefined) this.create(name, slot)
    else if (this.device[slot]) this.gpu!.pool.retag(this.device[slot], spec.category)
  }

  release(name: string): void {
    const slot = this.slot(name)
    const buffer = this.device[slot]
    if (buffer) this.gpu!.pool.retag(buffer, 'cached')
  }

  spec(name: string): BufferSpec {
    const spec = this.rank.buffers.get(name)
    invariant(spec, `rank ${this.rank.rank} has no buffer ${name}`)
    return spec
  }

  buffer(name: string): GPUBuffer {
    if (this.shared?.holds(name)) return this.shared.buffer(name)
    const found = this.device[this.slot(name)]
    invariant(found, `${name} is not on the device of rank ${this.rank.rank}`)
    return found
  }

  /** A persistent device buffer, or null when the plan has none of that name. */
  find(name: string): GPUBuffer | null {
    return this.holds(name) || this.shared?.holds(name) ? this.buffer(name) : null
  }

  array(name: string): Float32Array {
    if (this.shared?.holds(name)) return this.shared.array(name)
    const found = this.host[this.slot(name)]
    invariant(found, `${name} is not in host memory of rank ${this.rank.rank}`)
    return found
  }

  onHost(name: string): boolean {
    return this.spec(name).home === 'host'
  }

  /** The slot number behind a name, shared by buffers that reuse one slot. */
  slot(name: string): number {
    const slot = this.plan.persistent.get(name) ?? this.current?.slotOf.get(name)
    invariant(slot !== undefined, `${name} has no place in the memory plan of rank ${this.rank.rank}`)
    return slot
  }

  destroy(): void {
    for (const each of this.device) if (each) this.gpu!.pool.release(each)
    if (this.uniforms) this.gpu!.pool.release(this.uniforms.buffer)
    this.device.length = 0
    this.host.length = 0
  }

  private create(name: string, slot: number): void {
    const spec = this.spec(name)
    const { bytes } = this.plan.slots[slot]!
    if (spec.home === 'host') {
      this.host[slot] = new Float32Array(spec.elements)
      return
    }
    invariant(this.gpu, `rank ${this.rank.rank} has no device for ${name}`)
    if (spec.home === 'uniform') {
      this.uniforms = this.gpu.kernels.reserveUniforms(bytes)
      return
    }
    this.device[slot] =
      spec.home === 'staging' ? this.gpu.pool.acquireStaging(bytes) : this.gpu.pool.acquire(spec.category, bytes, name)
  }
}

/** Memory meter of a rank without a device, for its host buffers. */
export function hostMemory(plan: MemoryPlan): { live: BytesByCategory; peak: PeakBytes } {
  const { total, cached, ...live } = plan.peak
  return { live, peak: { ...live, cached, total } }
}
