import type { BufferSpec, CollectiveKind, Op, Program, RankProgram, Span } from '../../../src/schedule/program.ts'
import type { OpDims } from '../../../src/core/segments.ts'
import type { PipelineShape } from '../../../src/schedule/orders/shape.ts'
import type { ScheduleId } from '../../../src/schedule/registry.ts'
import { scheduleOf } from '../../../src/schedule/registry.ts'

/** A Program with one segment per stage: forward, backward, messages, a sum over all ranks, an update, a report. */

export const DIMS: OpDims = {
  B: 1,
  T: 2,
  C: 4,
  NH: 1,
  KV: 1,
  HS: 4,
  F: 16,
  V: 8,
  valid: 8,
  vocabStart: 0,
  rows: 2,
  rowStart: 0,
  tensor: 1,
  epsilon: 1e-5,
  theta: 10000,
}

const ELEMENTS = 8

type Draft = Op extends infer Each ? (Each extends Op ? Omit<Each, 'id'> : never) : never

export const span = (buffer: string, length = ELEMENTS, offset = 0): Span => ({ buffer, offset, length })

function spec(name: string): BufferSpec {
  const category = /^(norm|scratch)/.test(name) ? 'workspace' : 'activations'
  return {
    role: category === 'workspace' ? 'workspace' : 'activation',
    tensor: name,
    name,
    category,
    elements: ELEMENTS,
    dtype: 'f32',
    bytes: ELEMENTS * 4,
    home: 'device',
    persistent: PERSISTENT.test(name),
  }
}

const KINDS = { F: 'forward', B: 'backward', I: 'backwardInput', W: 'backwardWeight' } as const

export function pipelineProgram(name: ScheduleId, shape: PipelineShape): Program {
  const schedule = scheduleOf(name)
  const stageToRank = schedule.stageToRank(shape)
  const last = stageToRank.length - 1
  const ranks = schedule.order(shape).map((actions, rank) => {
    const step: Draft[] = []
    const touched = new Set<string>()
    const local = (stage: number) => stageToRank[stage] === rank
    for (const { kind, stage, microbatch } of actions) {
      const place = { stage, microbatch }
      const at = (word: string, s = stage) => `${word}:${s}:${microbatch}`
      const message = (end: 'send' | 'recv', other: number, direction: 'F' | 'B', buffer: string) => {
        const peer = stageToRank[other]!
        const edge = direction === 'F' ? Math.min(stage, other) : Math.max(stage, other)
        const shared = {
          ...place,
          peer,
          stream: `${end}:${peer}:${direction}${edge}`,
          traffic: 'activations' as const,
          subject: direction === 'F' ? 'activations' : 'activation gradients',
          elementBytes: 4,
          direction,
        }
        if (end === 'send') step.push({ kind: end, ...shared, source: [span(buffer)], reads: [buffer], writes: [] })
        else step.push({ kind: end, ...shared, target: [span(buffer)], reads: [], writes: [buffer] })
      }
      const input = stage === 0 ? at('tokens') : local(stage - 1) ? at('out', stage - 1) : at('in')
      const given = stage === last ? at('out') : local(stage + 1) ? at('dx', stage + 1) : at('dout')
      if (kind === 'F' && stage === 0)
        step.push({
          kind: 'loadBatch',
          ...place,
          stream: 'host',
          samples: [microbatch],
          args: { tokens: input },
          dims: DIMS,
          reads: [],
          writes: [input],
        })
      else if (kind === 'F' && !local(stage - 1)) message('recv', stage - 1, 'F', input)
      if ((kind === 'B' || kind === 'I') && stage < last && !local(stage + 1)) message('recv', stage + 1, 'B', given)
      const gradient = `grad:${stage}`
      const accumulate = (kind === 'B' || kind === 'W') && touched.has(gradient)
      if (kind === 'B' || kind === 'W') touched.add(gradient)
      const writes = {
        F: [at('out')],
        B: [at('dx'), gradient],
        I: [at('dx')],
        W: [gradient],
      }[kind]
      const weight = kind === 'W' ? [at('dx')] : []
      step.push({
        kind: KINDS[kind],
        ...place,
        stream: 'compute',
        segment: { kind: 'mlp', name: `h.${stage}`, block: stage },
        dims: DIMS,
        args: {},
        accumulate,
        reads: [
          input,
          `param:${stage}`,
          ...(kind === 'F' ? [] : [given]),
          ...weight,
          ...(accumulate ? [gradient] : []),
        ],
        writes,
      })
      if (kind === 'F' && stage < last && !local(stage + 1)) message('send', stage + 1, 'F', at('out'))
      if ((kind === 'B' || kind === 'I') && stage > 0 && !local(stage - 1)) message('send', stage - 1, 'B', at('dx'))
    }
    const own = stageToRank.flatMap((each, stage) => (each === rank ? [stage] : []))
    step.push(...tail(own, shape))
    return finish(rank, step)
  })
  return { world: ranks.length, ranks, groups: { pipeline: [ranks.map((each) => each.rank)] } }
}

function tail(own: readonly number[], shape: PipelineShape): Draft[] {
  const group = Array.from({ length: shape.stages }, (_, i) => i)
  const gradients = own.map((stage) => `grad:${stage}`)
  const parameters = own.map((stage) => `param:${stage}`)
  const moments = own.map((stage) => `m:${stage}`)
  return [
    {
      kind: 'gradNorm',
      stream: 'compute',
      spans: gradients.map((name) => span(name)),
      target: 'norm:own',
      scratch: 'scratch',
      at: 'device',
      reads: gradients,
      writes: ['norm:own', 'scratch'],
    },
    collective('allReduce', group, {
      source: [span('norm:own', 1)],
      target: [span('norm', 1)],
      subject: 'gradient norm',
    }),
    {
      kind: 'optimizerStep',
      stream: 'compute',
      at: 'device',
      norm: 'norm',
      updates: own.map((stage) => ({
        parameter: span(`param:${stage}`),
        gradient: span(`grad:${stage}`),
        moment1: span(`m:${stage}`),
        decay: true,
      })),
      reads: [...gradients, ...parameters, ...moments, 'norm'],
      writes: [...parameters, ...moments],
    },
    { kind: 'report', stream: 'host', norm: 'norm', reads: ['norm'], writes: [] },
  ]
}

export interface CollectiveParts {
  readonly source: readonly Span[]
  readonly target: readonly Span[]
  readonly subject?: string
  readonly root?: number
  readonly parts?: readonly number[]
}

export function collective(kind: CollectiveKind, group: readonly number[], options: CollectiveParts): Draft {
  const { subject = 'bucket 0', ...rest } = options
  return {
    kind,
    group,
    subject,
    ...rest,
    stream: `group:${group.join(',')}`,
    algorithm: 'ring',
    traffic: 'gradients',
    elementBytes: 4,
    reads: [...new Set(options.source.map((each) => each.buffer))],
    writes: [...new Set(options.target.map((each) => each.buffer))],
  }
}

const PERSISTENT = /^(param|m|norm|scratch|keep)/

/** Numbers the ops and declares every buffer they name. */
export function finish(rank: number, step: readonly Draft[]): RankProgram {
  const names = new Set(step.flatMap((op) => [...op.reads, ...op.writes]))
  const moment1 = [...names]
    .filter((name) => name.startsWith('m:'))
    .map((name) => ({ tensor: name.slice(2), from: 0, span: span(name) }))
  return {
    rank,
    coordinates: { data: 0, pipeline: rank, tensor: 0 },
    device: 'gpu',
    buffers: new Map([...names].map((name) => [name, spec(name)])),
    reuse: 'same size',
    state: { parameters: [], gradients: [], moment1, moment2: [], drawn: true },
    prologue: [],
    step: step.map((op, id) => ({ ...op, id })),
    epilogue: [],
  }
}

/** `program` with another step list on one rank. */
export function withStep(program: Program, rank: number, step: readonly Op[]): Program {
  return { ...program, ranks: program.ranks.map((each) => (each.rank === rank ? { ...each, step } : each)) }
}
