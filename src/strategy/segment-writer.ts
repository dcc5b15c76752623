import type { Category } from '../core/bytes.ts'
import type { ComputeKind, OpDims, SegmentKind, SegmentRef } from '../core/segments.ts'
import { accessOf } from '../model/access.ts'
import { launchesOf } from '../model/launches.ts'
import type { BufferSpec } from '../schedule/program.ts'
import type { OpDraft } from './draft.ts'
import { buffer } from './draft.ts'

export const COMPUTE = 'compute'
export const HOST = 'host'

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

  declare(name: string, category: Category, elements: number): string {
    if (!this.declared.has(name)) {
      this.declared.add(name)
      this.buffers.push(buffer(name, category, elements))
    }
    return name
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
