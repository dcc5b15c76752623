import { WORD_BYTES } from '../core/dtypes.ts'
import { invariant } from '../core/errors.ts'
import type { KernelName, Launch } from './kernels.ts'
import { squaredNormSlots } from './kernels.ts'

/** Launches after the gradients: norms, updates, vector sums. */

function launch(
  kernel: KernelName,
  buffers: Readonly<Record<string, string>>,
  params: Readonly<Record<string, number>>,
  flops: number,
  elements: number,
): Launch {
  return { kernel, buffers, params, flops, bytes: elements * WORD_BYTES }
}

interface Range {
  readonly buffer: string
  readonly offset: number
  readonly length: number
}

/** Σ v² of the ranges into `target`: partial sums in `scratch`, then one fixed-order sum. */
export function gradNormLaunches(spans: readonly Range[], scratch: string, target: string): Launch[] {
  let slot = 0
  const partials = spans
    .filter((span) => span.length > 0)
    .map((span) => {
      const count = squaredNormSlots(span.length)
      const params = { offset: span.offset, n: span.length, slot, count }
      slot += count
      return launch('squared_norm', { values: span.buffer, partials: scratch }, params, 2 * span.length, span.length)
    })
  return [...partials, launch('sum', { values: scratch, target }, { n: slot, accumulate: 0 }, slot, slot)]
}

interface UpdateRanges {
  readonly parameter: Range
  readonly gradient: Range
  readonly moment1?: Range
  readonly moment2?: Range
  readonly decay: boolean
}

/** One optimizer update; `norm` may name any buffer when clipping is off. */
export function updateLaunch(update: UpdateRanges, hyper: string, norm: string): Launch {
  const { parameter: p, gradient: g, moment1: m, moment2: v } = update
  invariant(m, 'kernels of an update take a momentum')
  const n = p.length
  const decay = update.decay ? 1 : 0
  const shared = { n, pOffset: p.offset, gOffset: g.offset, mOffset: m.offset }
  if (v === undefined)
    return launch('sgd', { g: g.buffer, hyper, norm, p: p.buffer, m: m.buffer }, { ...shared, decay }, 6 * n, 5 * n)
  return launch(
    'adamw',
    { g: g.buffer, hyper, norm, p: p.buffer, m: m.buffer, v: v.buffer },
    { ...shared, vOffset: v.offset, decay },
    14 * n,
    7 * n,
  )
}

/** target (+)= source for equally split ranges. */
export function axpyLaunch(source: Range, target: Range, accumulate: boolean): Launch {
  const n = target.length
  return launch(
    'axpy',
    { source: source.buffer, target: target.buffer },
    { n, sOffset: source.offset, tOffset: target.offset, accumulate: accumulate ? 1 : 0, scale: 1 },
    2 * n,
    3 * n,
  )
}
