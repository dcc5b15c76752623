import { CATEGORIES, type BytesByCategory } from '../core/bytes.ts'
import type { Coordinates } from '../core/mesh.ts'

/**
 * Live bytes of a rank over a virtual step: `bytes[i]` from `seconds[i]` until the next, the last until `stepSeconds`.
 */
export interface MemoryCurve {
  readonly rank: number
  readonly coordinates: Coordinates
  readonly stepSeconds: number
  readonly seconds: readonly number[]
  /** `cached`: free slots kept for the next buffer of their size. */
  readonly bytes: readonly (BytesByCategory & { readonly cached: number })[]
}

export function totalBytes(bytes: MemoryCurve['bytes'][number]): number {
  return CATEGORIES.reduce((sum, category) => sum + bytes[category], bytes.cached)
}

/** The same curve in at most `most` points: the fullest moment of every interval, so that the peak is preserved. */
export function thinned(curve: MemoryCurve, most: number): MemoryCurve {
  if (curve.seconds.length <= most) return curve
  const seconds: number[] = []
  const bytes: MemoryCurve['bytes'][number][] = []
  for (let stretch = 0; stretch < most; stretch++) {
    const from = Math.floor((stretch * curve.seconds.length) / most)
    const to = Math.floor(((stretch + 1) * curve.seconds.length) / most)
    let fullest = from
    for (let i = from + 1; i < to; i++) if (totalBytes(curve.bytes[i]!) > totalBytes(curve.bytes[fullest]!)) fullest = i
    seconds.push(curve.seconds[from]!)
    bytes.push(curve.bytes[fullest]!)
  }
  return { ...curve, seconds, bytes }
}
