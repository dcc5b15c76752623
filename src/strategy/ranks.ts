import type { RunConfig } from '../config/types.ts'
import type { Coordinates } from '../core/mesh.ts'
import type { BufferId } from '../schedule/buffers.ts'
import { bufferName } from '../schedule/buffers.ts'
import type { BufferSpec, Holding } from '../schedule/program.ts'
import type { OpDraft } from './draft.ts'
import { buffer, span } from './draft.ts'
import type { Layout, LocalParameter } from './layout.ts'

/** A rank with its forward and backward ops: the input of a data-parallel strategy. */
export interface ComputeRank {
  readonly rank: number
  readonly coordinates: Coordinates
  /** Ranks that hold the same part of the model for other samples. */
  readonly dataGroup: readonly number[]
  readonly buffers: readonly BufferSpec[]
  readonly ops: readonly OpDraft[]
  /** Micro-batches among its ops. */
  readonly microbatches: readonly number[]
  /** Distinct parameters of all stages on this rank, in table order. */
  readonly parameters: readonly LocalParameter[]
  /** Parameters that another pipeline rank also holds and counts for the norm (the tied embedding of the head). */
  readonly countedElsewhere: ReadonlySet<string>
  /** Holds the head, and reports for the ranks that share it. */
  readonly reportsLoss: boolean
}

export interface BuildContext {
  readonly config: RunConfig
  readonly layout: Layout
  /** Ranks that train; a strategy may append others (a CPU server). */
  readonly world: readonly number[]
  /** Forward and backward of a rank, lowered on demand: one rank may stand for many equal ones. */
  readonly rank: (rank: number) => ComputeRank
}

export const parameterId = (tensor: string): BufferId => ({ role: 'parameter', tensor })
export const gradientId = (tensor: string): BufferId => ({ role: 'gradient', tensor })
export const paramBuffer = (tensor: string) => bufferName(parameterId(tensor))
export const gradBuffer = (tensor: string) => bufferName(gradientId(tensor))

export function wholeHolding(role: 'parameter' | 'gradient', { name, elements }: LocalParameter): Holding {
  return { tensor: name, from: 0, span: span(bufferName({ role, tensor: name }), elements) }
}

export function parameterBuffers(parameters: readonly LocalParameter[], persistent = true): BufferSpec[] {
  return parameters.map(({ name, elements }) => buffer(parameterId(name), elements, { persistent }))
}
