import { CATEGORIES, type BytesByCategory } from '../../core/bytes.ts'
import { deviceOf } from '../../sim/hardware.ts'
import type { Pin } from '../../state/compare-store.ts'
import { budgetOf } from '../../state/compare-store.ts'
import { formatBytes } from '../format.ts'

/** The figures of a pin's row; null where unknown. */
export interface Figures {
  readonly pin: Pin
  /** Of the fullest device: measured where it was trained, else predicted. */
  readonly fullestBytes: number | null
  /** Sent by the device that sends most. */
  readonly sentBytes: number | null
  readonly isMeasured: boolean
  readonly bubble: number | null
  readonly stepSeconds: number | null
  readonly virtualTokens: number | null
  readonly mfu: number | null
  readonly measuredTokens: number | null
  readonly loss: number | null
  /** Of the last step, where it was trained to its end. */
  readonly validationLoss: number | null
}

interface RankBytes {
  readonly bytes: BytesByCategory & { readonly total: number }
  readonly sentBytes: number
}

function ranksOf({ simulated, overBudget, training }: Pin): readonly RankBytes[] {
  const measured = training?.phase === 'done' ? training.result.ranks : undefined
  if (measured) return measured.map(({ peakBytes, sentBytes }) => ({ bytes: peakBytes, sentBytes }))
  return (
    (simulated ?? overBudget)?.ranks.map(({ predictedBytes, sentBytes }) => ({ bytes: predictedBytes, sentBytes })) ??
    []
  )
}

const maxOf = (values: readonly number[]) => (values.length === 0 ? null : Math.max(...values))

export function figuresOf(pin: Pin): Figures {
  const { simulated, training } = pin
  const ranks = ranksOf(pin)
  const losses = training !== null && training.phase !== 'waiting' ? training.losses : []
  return {
    pin,
    fullestBytes: maxOf(ranks.map(({ bytes }) => bytes.total)),
    sentBytes: maxOf(ranks.map(({ sentBytes }) => sentBytes)),
    isMeasured: training?.phase === 'done' && training.result.ranks !== undefined,
    bubble: simulated === null ? null : (simulated.schedule?.bubble ?? 0),
    stepSeconds: simulated?.time.stepSeconds ?? null,
    virtualTokens: simulated?.tokensPerSecond?.virtual ?? null,
    mfu: simulated?.time.mfu ?? null,
    measuredTokens: training?.phase === 'done' ? (training.result.tokensPerSecond?.measured ?? null) : null,
    loss: losses.at(-1) ?? null,
    validationLoss:
      training?.phase === 'done'
        ? (training.result.steps?.findLast((each) => each.validationLoss !== undefined)?.validationLoss ?? null)
        : null,
  }
}

/** Memory limit of a pin's device: its budget, else its capacity; null if unknown. */
export interface Limit {
  readonly kind: 'budget' | 'capacity'
  readonly bytes: number
}

function limitOf({ draft, simulated }: Pin): Limit | null {
  const budget = budgetOf(draft)
  if (budget !== null) return { kind: 'budget', bytes: budget }
  const device = simulated?.config.cluster.device ?? 'this'
  return device === 'this' ? null : { kind: 'capacity', bytes: deviceOf(device).memoryBytes }
}

/** A larger multiple of the memory in use would leave the bars invisible. */
const MAX_EMPTY = 4

/** The limits within the scale, by pin, and the scale's maximum in bytes. */
export function limitsOn(
  pins: readonly Pin[],
  mostBytes: number,
): { readonly limits: ReadonlyMap<Pin, Limit>; readonly most: number } {
  const shown = pins.flatMap((pin): [Pin, Limit][] => {
    const limit = limitOf(pin)
    return limit && (limit.kind === 'budget' || limit.bytes <= MAX_EMPTY * mostBytes) ? [[pin, limit]] : []
  })
  return { limits: new Map(shown), most: Math.max(1, mostBytes, ...shown.map(([, { bytes }]) => bytes)) }
}

/** Devices with equal displayed memory and their number, in the order of their first rank. */
export interface MemoryGroup {
  readonly bytes: BytesByCategory & { readonly total: number }
  readonly count: number
}

export function memoryGroups(pin: Pin): MemoryGroup[] {
  const groups = new Map<string, { bytes: RankBytes['bytes']; count: number }>()
  for (const { bytes } of ranksOf(pin)) {
    const key = [...CATEGORIES, 'total' as const].map((category) => formatBytes(bytes[category])).join(' ')
    const group = groups.get(key)
    if (group) group.count++
    else groups.set(key, { bytes, count: 1 })
  }
  return [...groups.values()]
}
