import type { Op } from '../../schedule/program.ts'

/** A rank's walk through its step (walk.ts), as links and other walks see it. */
export interface Walker {
  readonly rank: number
  /** The op of the same rank whose end determined an op's start; −1 for none. */
  bindingOf(index: number): number
  /** Its next op depends on one whose end is not known yet. */
  blocked: boolean
  run(): void
  resolve(pending: Pending, start: number, end: number, after: OpOfWalk | null): void
}

export interface OpOfWalk {
  readonly walk: Walker
  readonly index: number
}

/** An op whose end is not known until another rank reaches it. */
export interface Pending extends OpOfWalk {
  readonly op: Op
  readonly ready: number
  /** When it could start, ignoring the op before it on its stream. */
  readonly placesReady: number
  /** When the compute before it in the list ends. */
  readonly computeEnd: number
  readonly stream: number
  readonly places: readonly number[]
  readonly modes: ArrayLike<number>
}
