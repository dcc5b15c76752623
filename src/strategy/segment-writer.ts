import type { ComputeKind, OpDims, SegmentKind, SegmentRef } from '../core/segments.ts'
import { boundBy } from '../model/launches.ts'
import { accessOfWork } from '../model/work-access.ts'
import { segmentOf } from '../model/segments/registry.ts'
import type { BufferId } from '../schedule/buffers.ts'
import { bufferName } from '../schedule/buffers.ts'
import { isCompute } from '../schedule/op-kinds.ts'
import type { BufferSpec } from '../schedule/program.ts'
import type { BufferOptions, OpDraft } from './draft.ts'
import { buffer } from './draft.ts'
export const COMPUTE = 'compute'
export const HOST = 'host'

/** A gradient of one micro-batch only. */
export function gradientOf(microbatch: number, tensor: string): string {
  return bufferName({ role: 'gradient', tensor, microbatch })
}

/** An op's position in the pipeline. */
export interface PipelinePosition {
  readonly stage: number
  readonly microbatch: number
}

/**
 * Collects the compute ops of one rank. An op's reads and writes are derived from the kernels it launches. Tracks which
 * gradients were written, so that a later micro-batch adds to them.
 */
export class SegmentWriter {
  readonly ops: OpDraft[] = []
  /** Position of the action being lowered. */
  action: number | null = null
  readonly buffers: BufferSpec[] = []
  private readonly declared = new Map<string, BufferSpec>()
  private readonly written = new Set<string>()

  /**
   * @param perMicrobatch whether a parameter's gradient has a buffer per micro-batch (it is reduced micro-batch by
   * micro-batch)
   *   instead of one accumulated over micro-batches
   */
  constructor(private readonly perMicrobatch: (parameter: string) => boolean = () => false) {}

  /** @param options overrides of the role's defaults */
  declare(id: BufferId, elements: number, options: Pick<BufferOptions, 'category' | 'dtype'> = {}): string {
    const name = bufferName(id)
    if (!this.declared.has(name)) {
      const spec = buffer(id, elements, options)
      this.declared.set(name, spec)
      this.buffers.push(spec)
    }
    return name
  }

  /** A buffer derived from a declared one: all its rows, its partial sums. */
  derived(name: string, suffix: string, elements: number): string {
    const { tensor, microbatch, role, dtype } = this.declared.get(name)!
    const prefix = role === 'recomputed' ? 're:' : ''
    const place = microbatch === undefined ? {} : { microbatch }
    return this.declare({ role: 'message', tensor: `${prefix}${tensor}${suffix}`, ...place }, elements, { dtype })
  }

  elementsOf(name: string): number {
    return this.declared.get(name)!.elements
  }

  /** The buffer of a parameter's gradient in a micro-batch. */
  gradient(parameter: string, elements: number, { microbatch }: PipelinePosition): string {
    const id = { role: 'gradient', tensor: parameter } as const
    return this.declare(this.perMicrobatch(parameter) ? { ...id, microbatch } : id, elements)
  }

  /** Whether `name` was written before; marks it as written. */
  touch(name: string): boolean {
    const before = this.written.has(name)
    this.written.add(name)
    return before
  }

  /**
   * @param args buffers by the segment's roles; those that no kernel of this pass binds are dropped
   * @param saved buffers that no kernel binds: written by a forward, read by a backward
   */
  compute(
    kind: ComputeKind,
    segment: SegmentRef,
    dims: OpDims,
    args: Readonly<Record<string, string>>,
    place: PipelinePosition,
    accumulate = false,
    saved: Readonly<Record<string, string>> = {},
  ): void {
    const bound = boundBy(segmentOf(segment.kind), kind, args)
    const work = { kind, segment, dims, args: { ...bound, ...saved }, accumulate }
    this.push({ ...work, ...place, stream: COMPUTE, ...accessOfWork(work) })
  }

  push(op: OpDraft): void {
    this.ops.push(this.action === null ? op : { ...op, action: this.action })
  }
}

export function segment(kind: SegmentKind, name: string, block: number): SegmentRef {
  return { kind, name, block }
}

/** A compute op on other buffers, by name, with the resulting reads and writes. */
export function withNames(op: OpDraft, names: ReadonlyMap<string, string> | undefined): OpDraft {
  if (!names || !isCompute(op)) return op
  const args = Object.fromEntries(Object.entries(op.args).map(([role, name]) => [role, names.get(name) ?? name]))
  const work = { ...op, args }
  return { ...work, ...accessOfWork(work) }
}
