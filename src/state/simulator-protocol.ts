import type { Fault } from '../core/fault.ts'
import type { MeasuredDevice } from '../sim/cost/measured-device.ts'
import type { MemoryCurve } from '../sim/memory-curve.ts'
import type { PlannerResult, PlannerProgress } from '../sim/planner/plan.ts'
import type { SimulatedResult } from '../sim/simulate.ts'

/** Requests from the page to the simulation worker; inputs are drafts, parsed there. */
export interface SimulatorRequest {
  readonly id: number
  readonly kind: 'simulate' | 'trace' | 'memory' | 'plan'
  readonly input: unknown
  /** The measured "this" device. */
  readonly measured?: MeasuredDevice
}

export type SimulatorReply =
  | { readonly id: number; readonly kind: 'simulated'; readonly result: SimulatedResult; readonly milliseconds: number }
  /** One curve per group of equal ranks, thinned for a chart. */
  | { readonly id: number; readonly kind: 'remembered'; readonly curves: readonly MemoryCurve[] }
  /** A trace as the text of its file. */
  | { readonly id: number; readonly kind: 'traced'; readonly json: string }
  | { readonly id: number; readonly kind: 'planning'; readonly progress: PlannerProgress }
  | { readonly id: number; readonly kind: 'planned'; readonly plan: PlannerResult }
  | { readonly id: number; readonly kind: 'refused'; readonly fault: Fault }
