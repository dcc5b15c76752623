import type { BytesByCategory } from '../../core/bytes.ts'
import { BAR_PARTS, barPartBytes } from './memory-bar.tsx'

/** Stacking order of memory over time, from below; free memory kept for reuse is on top. */
const STACKED_PARTS = [...BAR_PARTS, 'cached'] as const
export type StackedPart = (typeof STACKED_PARTS)[number]

/** Bytes from `at[i]` until `at[i + 1]`, the last until `end`. */
export interface StackedCurve {
  readonly at: readonly number[]
  readonly end: number
  readonly bytes: readonly BytesByCategory[]
  readonly cached: readonly number[]
}

export interface Size {
  readonly width: number
  readonly height: number
}

function stackedPart({ bytes, cached }: StackedCurve, i: number, part: StackedPart): number {
  return part === 'cached' ? (cached[i] ?? 0) : barPartBytes(bytes[i]!, part)
}

/** The point in effect at a moment: the last that is not after it. */
export function pointAt({ at }: StackedCurve, moment: number): number {
  return Math.max(
    0,
    at.findLastIndex((each) => each <= moment),
  )
}

/** Stacked steps by category, as closed SVG paths in a box of `size` whose height is `scale` bytes. */
export function stackedAreas(
  curve: StackedCurve,
  scale: number,
  { width, height }: Size,
): { readonly part: StackedPart; readonly path: string }[] {
  const { at, end } = curve
  const x = (t: number) => ((width * t) / end).toFixed(1)
  const y = (bytes: number) => (height - (height * bytes) / scale).toFixed(1)
  // A step's initial memory is present before its first op.
  const from = (i: number) => (i === 0 ? 0 : at[i]!)
  const line = (heights: readonly number[]) =>
    heights.flatMap((each, i) => [`${x(from(i))},${y(each)}`, `${x(at[i + 1] ?? end)},${y(each)}`])
  let floor: readonly number[] = at.map(() => 0)
  return STACKED_PARTS.flatMap((part) => {
    const low = floor
    floor = low.map((each, i) => each + stackedPart(curve, i, part))
    if (floor.every((each, i) => each === low[i])) return []
    return [{ part, path: `M${[...line(floor), ...line(low).toReversed()].join('L')}Z` }]
  })
}
