import type { Op } from '../../schedule/program.ts'

/** A rank that walks through its step (walk.ts), as those see it that it meets. */
export interface Walker {
  readonly rank: number
  /** The op of the same rank whose end let an op start; −1 for none. */
  bindingOf(index: number): number
  /** It stands before an op that depends on one whose end is not known. */
  blocked: boolean
  run(): void
  resolve(pending: Pending, start: number, end: number, after: OpOfWalk | null): void
}

export interface OpOfWalk {
  readonly walk: Walker
  readonly index: number
}

/** An op whose end is not known yet: another rank has to come. */
export interface Pending extends OpOfWalk {
  readonly op: Op
  readonly ready: number
  /** When it could start but for the op before it on its stream. */
  readonly placesReady: number
  /** When the compute before it in the list is through. */
  readonly computed: number
  readonly stream: number
  readonly places: readonly number[]
  readonly modes: ArrayLike<number>
}
