import type { BytesByCategory } from '../core/bytes.ts'
import type { RankView } from './run-state.ts'
import type { PlannedMemory, PlannedRank } from './session.ts'

/** The content of a card's memory bar, and its origin. */
export interface MemoryShown {
  readonly provenance: 'measured' | 'predicted'
  readonly bytes: BytesByCategory
  /** Free buffers kept for reuse, included in `total`; a running rank reports only live bytes. */
  readonly free: number
  readonly total: number
  readonly when: 'now' | 'peak' | 'cursor'
}

export function totalOf(bytes: BytesByCategory): number {
  return (
    bytes.parameters + bytes.gradients + bytes.optimizer + bytes.activations + bytes.communication + bytes.workspace
  )
}

/** Predicted live bytes at time t (ticks), and what is cached for reuse then: the last point not after t. */
function curveAt(curve: PlannedMemory, t: number): Pick<MemoryShown, 'bytes' | 'free'> | null {
  let low = 0
  let high = curve.times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (curve.times[middle]! > t) high = middle
    else low = middle + 1
  }
  const at = Math.max(0, low - 1)
  const live = curve.bytes[at]
  return live === undefined ? null : { bytes: live, free: curve.cached[at] ?? 0 }
}

/** A cursor on the ideal timeline selects the prediction there; else measurements; else the predicted peak. */
export function memoryShown(planned: PlannedRank, view: RankView | null, cursor: number | null): MemoryShown {
  const at = cursor === null ? null : curveAt(planned.memory, cursor)
  if (at !== null) return { provenance: 'predicted', ...at, total: totalOf(at.bytes) + at.free, when: 'cursor' }
  if (view?.live != null)
    return { provenance: 'measured', bytes: view.live, free: 0, total: totalOf(view.live), when: 'now' }
  const { atPeak, peak } = planned
  return { provenance: 'predicted', bytes: atPeak, free: peak.total - totalOf(atPeak), total: peak.total, when: 'peak' }
}
