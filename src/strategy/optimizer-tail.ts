import type { RunConfig } from '../config/types.ts'
import { squaredNormSlots } from '../model/kernels.ts'
import type { BufferId } from '../schedule/buffers.ts'
import { bufferName, workspaceId } from '../schedule/buffers.ts'
import type { BufferSpec, Holding, Span, Update } from '../schedule/program.ts'
import { collective } from './collective-ops.ts'
import type { OpDraft } from './draft.ts'
import { buffer, buffersOf, span } from './draft.ts'
import { COMPUTE, HOST } from './segment-writer.ts'

/** A range of parameters one rank updates, with its gradient. */
export interface Owned {
  readonly tensor: string
  /** First element of the range within the rank's tensor. */
  readonly from: number
  readonly parameter: Span
  readonly gradient: Span
  readonly decay: boolean
  /** Counts towards the global norm on this rank. */
  readonly counted: boolean
}

export interface Tail {
  readonly buffers: readonly BufferSpec[]
  readonly ops: readonly OpDraft[]
  readonly moment1: readonly Holding[]
  readonly moment2: readonly Holding[]
}

export interface TailOptions {
  readonly config: RunConfig
  readonly owned: readonly Owned[]
  /** Ranges whose squares this rank adds to the global norm; defaults to the counted ranges it owns. */
  readonly normSpans?: readonly Span[]
  /** Ranks that sum their squared norms; one member: no exchange. */
  readonly normGroup: readonly number[]
  readonly at?: 'device' | 'host'
  readonly hasLoss: boolean
}

/**
 * What follows the gradients on a rank that updates parameters: its part of the squared norm, the scalar all-reduce
 * over all ranks when clipping is on, the update, and the report.
 */
export function optimizerTail(options: TailOptions): Tail {
  const { config, owned, normGroup, at = 'device', hasLoss } = options
  const { optimizer } = config
  const clip = optimizer.gradClip > 0
  const normSpans = options.normSpans ?? owned.filter((each) => each.counted).map((each) => each.gradient)
  const home = at
  const slots = normSpans.reduce((sum, each) => sum + squaredNormSlots(each.length), 0)
  const buffers = [
    buffer(workspaceId('norm:partials'), Math.max(1, slots), { home, persistent: true }),
    buffer(workspaceId('norm:local'), 1, { home, persistent: true }),
  ]
  const stream = at === 'device' ? COMPUTE : HOST
  const ops: OpDraft[] = [
    {
      kind: 'gradNorm',
      stream,
      spans: normSpans,
      target: 'norm:local',
      scratch: 'norm:partials',
      at,
      reads: buffersOf(normSpans),
      writes: ['norm:local', 'norm:partials'],
    },
  ]
  let norm = 'norm:local'
  if (clip && normGroup.length > 1) {
    norm = 'norm:global'
    buffers.push(buffer(workspaceId(norm), 1, { home, persistent: true }))
    ops.push(
      collective('allReduce', config, {
        group: normGroup,
        source: [span('norm:local', 1)],
        target: [span(norm, 1)],
        traffic: 'scalars',
        subject: 'gradient norm',
        lane: 'norm',
      }),
    )
  }
  const second = optimizer.kind === 'adamw'
  const momentId = (role: 'moment1' | 'moment2', { tensor, from }: Owned): BufferId => ({ role, tensor, from })
  const updates = owned.map((each): Update & { moment1: Span } => {
    const length = each.parameter.length
    return {
      parameter: each.parameter,
      gradient: each.gradient,
      moment1: span(bufferName(momentId('moment1', each)), length),
      ...(second ? { moment2: span(bufferName(momentId('moment2', each)), length) } : {}),
      decay: each.decay,
    }
  })
  for (const each of owned)
    for (const role of second ? (['moment1', 'moment2'] as const) : (['moment1'] as const))
      buffers.push(buffer(momentId(role, each), each.parameter.length, { home, persistent: true }))
  if (updates.length > 0) {
    const states = updates.flatMap(({ moment1, moment2 }) => (moment2 ? [moment1, moment2] : [moment1]))
    const parameters = updates.map((each) => each.parameter)
    ops.push({
      kind: 'optimizerStep',
      stream,
      updates,
      at,
      ...(clip ? { norm } : {}),
      reads: buffersOf([...updates.map((each) => each.gradient), ...parameters, ...states]).concat(clip ? [norm] : []),
      writes: buffersOf([...parameters, ...states]),
    })
  }
  ops.push(report(hasLoss, 'norm:local'))
  const holdings = (which: 'moment1' | 'moment2'): Holding[] =>
    updates.flatMap((update, i) => {
      const state = update[which]
      return state === undefined ? [] : [{ tensor: owned[i]!.tensor, from: owned[i]!.from, span: state }]
    })
  return { buffers, ops, moment1: holdings('moment1'), moment2: holdings('moment2') }
}

/** The step's summed loss, on the rank with the head. */
export function lossBuffer(): BufferSpec {
  return buffer(workspaceId('loss'), 1, { persistent: true })
}

export function report(hasLoss: boolean, norm?: string): OpDraft {
  const names = [...(hasLoss ? ['loss'] : []), ...(norm === undefined ? [] : [norm])]
  return {
    kind: 'report',
    stream: HOST,
    ...(hasLoss ? { loss: 'loss' } : {}),
    ...(norm === undefined ? {} : { norm }),
    reads: names,
    writes: [],
  }
}
