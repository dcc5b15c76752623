import { CATEGORIES, type BytesByCategory } from '../core/bytes.ts'
import type { Coordinates } from '../config/result.ts'
import { spansOf } from './estimate-trace.ts'
import type { StepEstimate } from './estimate.ts'
import { activationChanges, type RankMemory } from './memory-model.ts'
import type { StepSetup } from './step-setup.ts'

/** Live bytes of a rank over a virtual step: `bytes[i]` from `seconds[i]` until the next, the last until `stepSeconds`. */
export interface MemoryCurve {
  readonly rank: number
  readonly coordinates: Coordinates
  readonly stepSeconds: number
  readonly seconds: readonly number[]
  /** `cached`: free slots that wait for the next buffer of their size (op by op only). */
  readonly bytes: readonly (BytesByCategory & { readonly cached: number })[]
}

export function totalBytes(bytes: MemoryCurve['bytes'][number]): number {
  return CATEGORIES.reduce((sum, category) => sum + bytes[category], bytes.cached)
}

/** Stage by stage: activations taken when a forward begins and given back when its backward ends, all else stays. */
export function stageCurves(setup: StepSetup, estimate: StepEstimate, memory: readonly RankMemory[]): MemoryCurve[] {
  const changes = activationChanges(setup)
  const { data, tensor } = setup
  return spansOf(setup, estimate).map((spans, pipeline) => {
    const { parameters, gradients, optimizer, communication, workspace } = memory[pipeline]!
    const at = (activations: number) => ({
      parameters,
      gradients,
      optimizer,
      activations: Math.max(0, Math.round(activations)),
      communication,
      workspace,
      cached: 0,
    })
    const seconds = [0]
    const bytes = [at(0)]
    let live = 0
    spans.forEach(({ action, start, end }, i) => {
      live += changes[pipeline]![i]!
      seconds.push(action.kind === 'F' ? start : end)
      bytes.push(at(live))
    })
    return {
      rank: pipeline * data * tensor,
      coordinates: { data: 0, pipeline, tensor: 0 },
      stepSeconds: estimate.stepSeconds,
      seconds,
      bytes,
    }
  })
}

/** The same curve in at most `most` points: of every stretch of time the fullest moment, so that the peak stays. */
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
