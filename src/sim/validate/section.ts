import type { SoftwareId } from '../../config/names.ts'

/** One row of a comparison with published numbers. */
export interface Point {
  readonly label: string
  readonly measured: number
  readonly simulated: number
  /** Whether the parameters were fitted on this row. */
  readonly seen: boolean
}

/** A figure with its limit. `atLeast`: larger is better. */
export interface Check {
  readonly name: string
  readonly value: number
  readonly limit: number
  readonly atLeast?: boolean
  readonly unit: '%' | 'points' | ''
}

/** The comparison of one source with the simulator. */
export interface ReportSection {
  readonly id: string
  readonly title: string
  readonly source: string
  /** The simulated software, as named in a configuration; null where no framework was involved. */
  readonly software: SoftwareId | null
  /** The setup of the runs, and assumptions where the source does not say. */
  readonly notes: readonly string[]
  readonly quantity: string
  readonly points: readonly Point[]
  readonly checks: readonly Check[]
}

export function passes({ value, limit, atLeast }: Check): boolean {
  return atLeast ? value >= limit : value <= limit
}

/** (simulated − measured) / measured. */
export function relativeError({ measured, simulated }: Point): number {
  return simulated / measured - 1
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  if (sorted.length === 0) return NaN
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Absolute relative errors, in percent. */
export function percentErrors(points: readonly Point[]): number[] {
  return points.map((point) => 100 * Math.abs(relativeError(point)))
}

/** Probability that a random member of `high` scores above one of `low`: area under the ROC curve. */
export function areaUnderCurve(high: readonly number[], low: readonly number[]): number {
  const sorted = [...low].sort((a, b) => a - b)
  const below = (value: number, orEqual: boolean): number => {
    let from = 0
    let to = sorted.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (orEqual ? sorted[middle]! <= value : sorted[middle]! < value) from = middle + 1
      else to = middle
    }
    return from
  }
  const wins = high.reduce((sum, value) => sum + (below(value, false) + below(value, true)) / 2, 0)
  return wins / (high.length * low.length)
}
