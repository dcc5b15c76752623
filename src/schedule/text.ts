import { RefusedError } from '../core/errors.ts'
import type { CollectiveKind, Op } from './program.ts'

/**
 * One op as text, after PyTorch's pipelining syntax as far as it goes:
 *
 *   0F3:h.2.attn          forward of segment h.2.attn, stage 0, micro-batch 3 (B, I, W backward; R recomputed forward)
 *   1F0:head@128          the head's rows from 128 on
 *   1SEND_F2>3  2RECV_F2<1   activations of micro-batch 2 to rank 3, from rank 1 (SEND_B, RECV_B: gradients)
 *   2UNSHARD:unit h.2@0+1    parameters are gathered from ranks 0 and 1; 1REDUCE_GRAD:unit h.2@0+1 sums and scatters gradients
 *   ALL_REDUCE:bucket 3@0+1+2+3   any other collective; BROADCAST:parameters@0+1/0 has root 0
 *   0LOAD_BATCH3  CLEAR  ADD  OFFLOAD:m h.0  ENCODE:int8  GRAD_NORM  OPTIMIZER_STEP  REPORT
 */

/** What the text of an op says: enough to tell ops of a rank apart, not their buffers. */
export interface OpLabel {
  readonly kind: Op['kind']
  readonly stage?: number
  readonly microbatch?: number
  readonly segment?: string
  readonly rowStart?: number
  readonly direction?: 'F' | 'B'
  readonly peer?: number
  readonly subject?: string
  readonly group?: readonly number[]
  readonly root?: number
}

const WORDS = {
  forward: 'F',
  backward: 'B',
  backwardInput: 'I',
  backwardWeight: 'W',
  recompute: 'R',
  send: 'SEND',
  recv: 'RECV',
  allReduce: 'ALL_REDUCE',
  reduceScatter: 'REDUCE_SCATTER',
  allGather: 'ALL_GATHER',
  broadcast: 'BROADCAST',
  reduce: 'REDUCE',
  gather: 'GATHER',
  scatter: 'SCATTER',
  push: 'PUSH',
  pull: 'PULL',
  optimizerStep: 'OPTIMIZER_STEP',
  gradNorm: 'GRAD_NORM',
  loadBatch: 'LOAD_BATCH',
  clear: 'CLEAR',
  add: 'ADD',
  encode: 'ENCODE',
  decode: 'DECODE',
  offload: 'OFFLOAD',
  fetch: 'FETCH',
  report: 'REPORT',
} as const satisfies Record<Op['kind'], string>

/** PyTorch's words for what FSDP does to a stage. */
const KIND_OF_WORD: ReadonlyMap<string, Op['kind']> = new Map<string, Op['kind']>([
  ...(Object.keys(WORDS) as (keyof typeof WORDS)[]).map((kind) => [WORDS[kind], kind] as const),
  ['UNSHARD', 'allGather'],
  ['REDUCE_GRAD', 'reduceScatter'],
])

const COLLECTIVES: ReadonlySet<string> = new Set<CollectiveKind>([
  'allReduce',
  'reduceScatter',
  'allGather',
  'broadcast',
  'reduce',
  'gather',
  'scatter',
  'push',
  'pull',
])

const DEFAULT_SUBJECT = { F: 'activations', B: 'activation gradients' } as const

/** What the text of `op` says. */
export function labelOf(op: Op): OpLabel {
  const place = {
    ...(op.stage === undefined ? {} : { stage: op.stage }),
    ...(op.microbatch === undefined ? {} : { microbatch: op.microbatch }),
  }
  switch (op.kind) {
    case 'forward':
    case 'recompute':
    case 'backward':
    case 'backwardInput':
    case 'backwardWeight':
      return { kind: op.kind, ...place, segment: op.segment.name, rowStart: op.dims.rowStart }
    case 'send':
    case 'recv':
      return { kind: op.kind, ...place, direction: op.direction, peer: op.peer, subject: op.subject }
    case 'optimizerStep':
    case 'gradNorm':
    case 'loadBatch':
    case 'clear':
    case 'add':
    case 'report':
      return { kind: op.kind, ...place }
    case 'encode':
    case 'decode':
      return { kind: op.kind, ...place, subject: op.codec }
    case 'offload':
    case 'fetch':
      return { kind: op.kind, ...place, subject: op.subject }
    default:
      return {
        kind: op.kind,
        ...place,
        subject: op.subject,
        group: op.group,
        ...(op.root === undefined ? {} : { root: op.root }),
      }
  }
}

export function opText(op: Op): string {
  const label = labelOf(op)
  const word = wordOf(op)
  return `${label.stage ?? ''}${word}${label.microbatch ?? ''}${detailOf(label)}`
}

function wordOf(op: Op): string {
  if (op.kind === 'send' || op.kind === 'recv') return `${WORDS[op.kind]}_${op.direction}`
  if (op.kind === 'allGather' && op.traffic === 'parameters') return 'UNSHARD'
  if (op.kind === 'reduceScatter' && op.traffic === 'gradients') return 'REDUCE_GRAD'
  return WORDS[op.kind]
}

function detailOf({ kind, segment, rowStart, direction, peer, subject, group, root }: OpLabel): string {
  if (segment !== undefined) return `:${segment}${rowStart ? `@${rowStart}` : ''}`
  if (direction !== undefined)
    return `${kind === 'send' ? '>' : '<'}${peer}${subject === DEFAULT_SUBJECT[direction] ? '' : `:${subject}`}`
  if (subject === undefined) return ''
  const members = group === undefined ? '' : `@${group.join('+')}`
  return `:${subject}${members}${root === undefined ? '' : `/${root}`}`
}

const HEAD = /^(\d*)([A-Z][A-Z_]*?)(\d*)(?:([:<>])([^]*))?$/
const MESSAGE = /^(SEND|RECV)_([FB])$/
const MEMBERS = /^([^]*)@(\d+(?:\+\d+)*)(?:\/(\d+))?$/

/** The inverse of `opText`, as far as the text goes. Throws RefusedError for text that is no op. */
export function parseOp(text: string): OpLabel {
  const refuse = () => new RefusedError('op', `"${text}" is not like 0F3:h.2.attn, 1SEND_F2>3, ALL_REDUCE:bucket 0@0+1`)
  const [, stage = '', word = '', microbatch = '', mark, detail = ''] = HEAD.exec(text) ?? []
  const place = {
    ...(stage === '' ? {} : { stage: Number(stage) }),
    ...(microbatch === '' ? {} : { microbatch: Number(microbatch) }),
  }
  const [, end, direction] = MESSAGE.exec(word) ?? []
  if (end !== undefined) {
    const [, peer, , subject] = /^(\d+)(:([^]*))?$/.exec(detail) ?? []
    if (peer === undefined || mark !== (end === 'SEND' ? '>' : '<')) throw refuse()
    const letter = direction === 'F' ? 'F' : 'B'
    const kind = end === 'SEND' ? 'send' : 'recv'
    return { kind, ...place, direction: letter, peer: Number(peer), subject: subject ?? DEFAULT_SUBJECT[letter] }
  }
  const kind = KIND_OF_WORD.get(word)
  if (kind === undefined || mark === '<' || mark === '>') throw refuse()
  if (word.length === 1) {
    const [, segment, rowStart] = /^([^@]+)(?:@(\d+))?$/.exec(detail) ?? []
    if (segment === undefined) throw refuse()
    return { kind, ...place, segment, rowStart: Number(rowStart ?? 0) }
  }
  if (COLLECTIVES.has(kind)) {
    const [, subject, members, root] = MEMBERS.exec(detail) ?? []
    if (subject === undefined || members === undefined) throw refuse()
    const group = members.split('+').map(Number)
    return { kind, ...place, subject, group, ...(root === undefined ? {} : { root: Number(root) }) }
  }
  if (kind === 'offload' || kind === 'fetch' || kind === 'encode' || kind === 'decode')
    return { kind, ...place, subject: detail }
  if (mark !== undefined) throw refuse()
  return { kind, ...place }
}
