import type { RunConfig } from '../config/types.ts'
import type { Coordinates } from '../config/result.ts'
import type { BufferSpec, Holding } from '../schedule/program.ts'
import type { OpDraft } from './draft.ts'
import { buffer, span } from './draft.ts'
import type { Layout, LocalParameter } from './layout.ts'

/** A rank with its forward and backward ops: what a data-parallel strategy starts from. */
export interface ComputeRank {
  readonly rank: number
  readonly coordinates: Coordinates
  /** Ranks that hold the same part of the model for other samples. */
  readonly dataGroup: readonly number[]
  readonly buffers: readonly BufferSpec[]
  readonly ops: readonly OpDraft[]
  /** Parameters of all stages on this rank, each once, in table order. */
  readonly parameters: readonly LocalParameter[]
  /** Parameters another pipeline rank holds too and counts for the norm (the tied embedding beside the head). */
  readonly countedElsewhere: ReadonlySet<string>
  /** Holds the head, and speaks for the ranks that share it. */
  readonly reportsLoss: boolean
}

export interface BuildContext {
  readonly config: RunConfig
  readonly layout: Layout
  readonly ranks: readonly ComputeRank[]
}

/** Rank numbers: tensor innermost, then data, pipeline outermost (neighbours share the fastest links). */
export function rankAt(config: RunConfig, { data, pipeline, tensor }: Coordinates): number {
  const { data: D, tensor: T } = config.parallel
  return (pipeline * D + data) * T + tensor
}

export const paramBuffer = (name: string) => `param:${name}`
export const gradBuffer = (name: string) => `grad:${name}`

export function wholeHolding(prefix: string, { name, elements }: LocalParameter): Holding {
  return { tensor: name, from: 0, span: span(`${prefix}:${name}`, elements) }
}

export function parameterBuffers(parameters: readonly LocalParameter[], persistent = true): BufferSpec[] {
  return parameters.map(({ name, elements }) => buffer(paramBuffer(name), 'parameters', elements, { persistent }))
}
