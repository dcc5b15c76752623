import type { Category } from '../core/bytes.ts'
import type { ComputeKind, OpDims, SegmentKind, SegmentRef } from '../core/segments.ts'
import { accessOf } from '../model/access.ts'
import { launchesOf } from '../model/launches.ts'
import type { BufferSpec } from '../schedule/program.ts'
import type { OpDraft } from './draft.ts'
import { buffer } from './draft.ts'

export const COMPUTE = 'compute'
export const HOST = 'host'

/** A gradient of one micro-batch alone. */
export function gradientOf(microbatch: number, parameter: string): string {
  return `mb${microbatch}:grad:${parameter}`
}

/** Where an op stands in the pipeline. */
export interface Place {
  readonly stage: number
  readonly microbatch: number
}

/**
 * Collects the compute ops of one rank. An op's reads and writes are not written down twice: they follow from the
 * kernels it launches. Remembers which gradients were written, so that a later micro-batch adds to them.
 */
export class SegmentWriter {
  readonly ops: OpDraft[] = []
  readonly buffers: BufferSpec[] = []
  private readonly declared = new Set<string>()
  private readonly written = new Set<string>()

  /**
   * @param apart whether a parameter's gradient has a buffer per micro-batch (it is reduced micro-batch by micro-batch)
   *   instead of one to which micro-batches add
   */
  constructor(private readonly apart: (parameter: string) => boolean = () => false) {}

  declare(name: string, category: Category, elements: number): string {
    if (!this.declared.has(name)) {
      this.declared.add(name)
      this.buffers.push(buffer(name, category, elements))
    }
    return name
  }

  /** The buffer that takes a parameter's gradient in a micro-batch. */
  gradient(parameter: string, elements: number, { microbatch }: Place): string {
    const name = this.apart(parameter) ? gradientOf(microbatch, parameter) : `grad:${parameter}`
    return this.declare(name, 'gradients', elements)
  }

  /** Whether `name` was written before; from now on it is. */
  touch(name: string): boolean {
    const before = this.written.has(name)
    this.written.add(name)
    return before
  }

  compute(
    kind: ComputeKind,
    segment: SegmentRef,
    dims: OpDims,
    args: Readonly<Record<string, string>>,
    place: Place,
    accumulate = false,
  ): void {
    const work = { kind, segment, dims, args, accumulate }
    this.ops.push({ ...work, ...place, stream: COMPUTE, ...accessOf(launchesOf(work)) })
  }

  push(op: OpDraft): void {
    this.ops.push(op)
  }
}

export function segment(kind: SegmentKind, name: string, block: number): SegmentRef {
  return { kind, name, block }
}

/** A compute op on other buffers, by name; its reads and writes follow. */
export function withNames(op: OpDraft, names: ReadonlyMap<string, string> | undefined): OpDraft {
  if (!names || !('segment' in op)) return op
  const args = Object.fromEntries(Object.entries(op.args).map(([role, name]) => [role, names.get(name) ?? name]))
  const work = { ...op, args }
  return { ...work, ...accessOf(launchesOf(work)) }
}
