import type { Category } from '../../core/bytes.ts'
import type { BufferRole } from '../../schedule/buffers.ts'
import type { Op } from '../../schedule/program.ts'
import type { SpanKind } from '../../schedule/span-kinds.ts'
import type { Formula } from './formula.ts'

/** Something that can be inspected. */
export type Target =
  | { readonly kind: 'device'; readonly rank: number }
  /** A cell of the schedule: the ops of one stage and micro-batch. */
  | {
      readonly kind: 'action'
      readonly rank: number
      readonly stage: number
      readonly microbatch: number
      readonly pass: SpanKind
    }
  | { readonly kind: 'op'; readonly rank: number; readonly op: number }
  | { readonly kind: 'tensor'; readonly rank: number; readonly name: string }

/** An item of a list: another target, and its size. */
export interface Part {
  readonly target: Target
  readonly name: string
  /** Bytes it takes or moves; null where it does neither. */
  readonly bytes: number | null
}

export interface PartList {
  readonly of: Category | 'exchanges' | 'ops' | 'reads' | 'writes' | 'moves' | 'usedBy'
  readonly parts: readonly Part[]
  /** Of all parts together, as counted by the ledger; null where a sum is meaningless. */
  readonly bytes: number | null
}

/** What the Program knows of a target, independent of language. */
export type Inspected = {
  readonly name: string
  readonly formulas: readonly Formula[]
  readonly lists: readonly PartList[]
} & (
  | {
      readonly kind: 'device'
      readonly rank: number
      readonly isCpu: boolean
      readonly peakBytes: number
      readonly freeBytes: number
      readonly sentBytes: number
      readonly flop: number
    }
  | {
      readonly kind: 'action'
      readonly rank: number
      readonly pass: SpanKind
      readonly stage: number
      readonly microbatch: number
      readonly flop: number
    }
  | {
      readonly kind: 'op'
      readonly rank: number
      readonly pass: SpanKind
      readonly does: Op['kind']
      readonly stream: string
      readonly stage: number | null
      readonly microbatch: number | null
      /** Ranks of the exchange, including this one. */
      readonly group: readonly number[]
      readonly moved: { readonly sent: number; readonly received: number } | null
      readonly optimizer: OptimizerRule | null
    }
  | {
      readonly kind: 'tensor'
      readonly rank: number
      readonly role: BufferRole
      readonly category: Category
      readonly shape: readonly number[] | null
      readonly elements: number
      /** Bytes on the device, rounded up as buffers are. */
      readonly bytes: number
      readonly persistent: boolean
    }
)

/** An optimizer's update rule, with the configuration's numbers. */
export interface OptimizerRule {
  readonly rule: string
  readonly numbers: readonly (readonly [string, number])[]
}
