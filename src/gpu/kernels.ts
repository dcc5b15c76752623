import { RefusedError, invariant } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { KernelName, Launch } from '../model/kernels.ts'
import { KERNELS } from '../model/kernels.ts'
import { unknownVariant } from './choose-variants.ts'
import type { KernelVariant } from './kernel-row.ts'
import { KERNEL_TABLE } from './kernel-table.ts'
import type { BufferPool } from './pool.ts'

/** A launch with its bindings: can be encoded as long as its buffers live. */
export interface Prepared {
  readonly pipeline: GPUComputePipeline
  readonly bindGroup: GPUBindGroup
  readonly workgroups: readonly [number, number, number]
  readonly flops: number
  readonly bytes: number
}

/** Bytes of one slot of kernel parameters: the largest offset alignment an adapter may require. */
const SLOT_BYTES = 256

/** Encodes the uniform: fields in the signature's order, u32 or f32. */
export function encodeParams(launch: Launch): ArrayBuffer {
  const { params } = KERNELS[launch.kernel]
  const data = new DataView(new ArrayBuffer(Math.max(16, Math.ceil((params.length * 4) / 16) * 16)))
  for (const [i, [name, type]] of params.entries()) {
    const value = launch.params[name]
    invariant(value !== undefined, `${launch.kernel} was launched without ${name}`)
    if (type === 'f') data.setFloat32(i * 4, value, true)
    else data.setUint32(i * 4, value, true)
  }
  return data.buffer
}

/** A buffer of kernel parameters; launches with equal content share a slot. */
export class UniformArena {
  private readonly slots = new Map<string, number>()

  constructor(
    private readonly device: GPUDevice,
    readonly buffer: GPUBuffer,
  ) {}

  slot(launch: Launch): number {
    // In the signature's order: equal values under other names are different parameters.
    const key = `${launch.kernel} ${KERNELS[launch.kernel].params.map(([name]) => launch.params[name]).join(' ')}`
    let slot = this.slots.get(key)
    if (slot === undefined) {
      slot = this.slots.size
      invariant(
        (slot + 1) * SLOT_BYTES <= this.buffer.size,
        `${key} has no slot among ${this.buffer.size / SLOT_BYTES}`,
      )
      this.slots.set(key, slot)
      this.device.queue.writeBuffer(this.buffer, slot * SLOT_BYTES, encodeParams(launch))
    }
    return slot
  }
}

/** Binds and counts: the one place where a launch becomes a dispatch. */
export class KernelRunner {
  private readonly pipelines = new Map<KernelVariant, GPUComputePipeline>()
  private latest: UniformArena | null = null

  constructor(
    private readonly device: GPUDevice,
    private readonly pool: BufferPool,
    /** Variant by kernel name; the first of a row where none is named or it does not fit. Refuses unknown names. */
    readonly variants: Record<string, string> = {},
  ) {
    const unknown = unknownVariant(variants)
    if (unknown !== null) throw new RefusedError({ ...unknown, field: 'kernels' })
  }

  /** Reserves `bytes` of parameters, in slots of 256: one arena per Program. */
  reserveUniforms(bytes: number): UniformArena {
    this.latest = new UniformArena(this.device, this.pool.acquireUniform(Math.max(SLOT_BYTES, bytes)))
    return this.latest
  }

  variantOf(kernel: KernelName, params: Launch['params']): KernelVariant {
    const row = KERNEL_TABLE[kernel]
    const fits = (variant: KernelVariant) =>
      (variant.features ?? []).every((name) => this.device.features.has(name)) &&
      (variant.fits?.(params, this.device.limits) ?? true)
    const requested = this.variants[kernel]?.split('+') ?? []
    for (const name of requested) {
      const variant = row.find((each) => each.name === name)
      if (variant && fits(variant)) return variant
    }
    return row[0]!
  }

  private pipeline(kernel: KernelName, variant: KernelVariant): GPUComputePipeline {
    let pipeline = this.pipelines.get(variant)
    if (!pipeline) {
      pipeline = this.pool.faults.watch(sentence('gpu-kernel', { kernel, variant: variant.name }), () =>
        this.device.createComputePipeline(this.descriptor(kernel, variant)),
      )
      this.pipelines.set(variant, pipeline)
    }
    return pipeline
  }

  private descriptor(kernel: KernelName, variant: KernelVariant): GPUComputePipelineDescriptor {
    const module = this.device.createShaderModule({ code: variant.source, label: `${kernel} ${variant.name}` })
    const constants = variant.constants
    return {
      label: `${kernel} ${variant.name}`,
      layout: 'auto',
      compute: { module, entryPoint: kernel, ...(constants ? { constants: { ...constants } } : {}) },
    }
  }

  /** Compiles the pipelines of `launches` asynchronously. `progress` gets done and total. */
  async compile(
    launches: readonly Launch[],
    progress: (done: number, total: number) => void = () => {},
  ): Promise<void> {
    const needed = new Map<KernelVariant, KernelName>()
    for (const { kernel, params } of launches) needed.set(this.variantOf(kernel, params), kernel)
    const missing = [...needed].filter(([variant]) => !this.pipelines.has(variant))
    let done = 0
    await Promise.all(
      missing.map(async ([variant, kernel]) => {
        const pipeline = await this.pool.faults.watch(sentence('gpu-kernel', { kernel, variant: variant.name }), () =>
          this.device.createComputePipelineAsync(this.descriptor(kernel, variant)),
        )
        this.pipelines.set(variant, pipeline)
        progress(++done, missing.length)
      }),
    )
  }

  /** @param buffers resolves a launch's buffer names; '' for a role the launch does not use */
  prepare(launch: Launch, buffers: (name: string) => GPUBuffer, arena: UniformArena | null = this.latest): Prepared {
    invariant(arena, 'no room was reserved for kernel parameters')
    const signature = KERNELS[launch.kernel]
    const variant = this.variantOf(launch.kernel, launch.params)
    const pipeline = this.pipeline(launch.kernel, variant)
    const entries: GPUBindGroupEntry[] = signature.bindings.map(([role], binding) => {
      const name = launch.buffers[role]
      invariant(name !== undefined, `${launch.kernel} was launched without ${role}`)
      return { binding, resource: { buffer: buffers(name) } }
    })
    const size = Math.max(16, Math.ceil((signature.params.length * 4) / 16) * 16)
    const slot = arena.slot(launch)
    entries.push({ binding: entries.length, resource: { buffer: arena.buffer, offset: slot * SLOT_BYTES, size } })
    const bindGroup = this.pool.faults.watch(
      sentence('gpu-kernel-buffers', { kernel: launch.kernel, variant: variant.name }),
      () => this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
    )
    const workgroups = variant.workgroups(launch.params)
    const most = this.device.limits.maxComputeWorkgroupsPerDimension
    invariant(
      workgroups.every((count) => count <= most),
      `${launch.kernel} (${variant.name}) wants ${workgroups.join(' × ')} workgroups where ${most} are allowed each way`,
    )
    return { pipeline, bindGroup, workgroups, flops: launch.flops, bytes: launch.bytes }
  }
}
