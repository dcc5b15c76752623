import type { BytesByCategory } from '../core/bytes.ts'
import type { RankView } from './run-state.ts'
import type { MemoryCurve, PlannedRank } from './session.ts'

/** What a card's memory bar shows, and whose number it is. */
export interface MemoryShown {
  readonly provenance: 'measured' | 'predicted'
  readonly bytes: BytesByCategory
  readonly total: number
  readonly when: 'now' | 'peak' | 'cursor'
}

export function totalOf(bytes: BytesByCategory): number {
  return (
    bytes.parameters + bytes.gradients + bytes.optimizer + bytes.activations + bytes.communication + bytes.workspace
  )
}

/** Free buffers kept for reuse are shown with the workspace. */
export function withCached(live: BytesByCategory, cached: number): BytesByCategory {
  return { ...live, workspace: live.workspace + cached }
}

/** Live bytes of a prediction at time t (ticks), what is kept for reuse among them: the last point not after t. */
export function curveAt(curve: MemoryCurve, t: number): BytesByCategory | null {
  let low = 0
  let high = curve.times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (curve.times[middle]! > t) high = middle
    else low = middle + 1
  }
  const at = Math.max(0, low - 1)
  const live = curve.bytes[at]
  return live === undefined ? null : withCached(live, curve.cached[at] ?? 0)
}

/** A cursor on the ideal timeline asks for the prediction there; else what is measured; else the predicted peak. */
export function memoryShown(planned: PlannedRank, view: RankView | null, cursor: number | null): MemoryShown {
  const at = cursor === null ? null : curveAt(planned.memory, cursor)
  if (at !== null) return { provenance: 'predicted', bytes: at, total: totalOf(at), when: 'cursor' }
  if (view?.live != null) return { provenance: 'measured', bytes: view.live, total: totalOf(view.live), when: 'now' }
  return { provenance: 'predicted', bytes: planned.atPeak, total: planned.peak.total, when: 'peak' }
}
