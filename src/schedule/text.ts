import { refused } from '../core/errors.ts'
import type { KindsWith, OpKind, OpKindRow, OpOf } from './op-kinds.ts'
import { OP_KINDS, isMessage } from './op-kinds.ts'
import type { Op } from './program.ts'

/**
 * One op as text, following PyTorch's pipelining syntax where it covers the op:
 *
 * 0F3:h.2.attn forward of segment h.2.attn, stage 0, micro-batch 3 (B, I, W backward; R recomputed forward)
 * 1F0:head@128 the head's rows from 128 on 1SEND_F2>3 2RECV_F2<1 activations of micro-batch 2 to rank 3, from rank 1
 * (SEND_B, RECV_B: gradients) 2UNSHARD:unit h.2@0+1 gathers parameters from ranks 0 and 1; 1REDUCE_GRAD:unit h.2@0+1
 * sums and scatters gradients ALL_REDUCE:bucket 3@0+1+2+3 any other collective; BROADCAST:parameters@0+1/0 has root 0
 * 0LOAD_BATCH3 CLEAR ADD OFFLOAD:m h.0 ENCODE:int8 GRAD_NORM OPTIMIZER_STEP REPORT
 */

/** The content of an op's text: enough to tell a rank's ops apart, without their buffers. */
export interface OpLabel {
  readonly kind: OpKind
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

const KIND_OF_WORD: ReadonlyMap<string, OpKind> = new Map(
  (Object.keys(OP_KINDS) as OpKind[]).flatMap((kind) => {
    const { word, wordFor } = OP_KINDS[kind]
    return [word, ...Object.values(wordFor)].map((each): [string, OpKind] => [each, kind])
  }),
)

type Detail = (typeof OP_KINDS)[OpKind]['detail']

const DEFAULT_SUBJECT = { F: 'activations', B: 'activation gradients' } as const

const DETAILS: { readonly [Each in Detail]: (op: OpOf<KindsWith<'detail', Each>>) => Omit<OpLabel, 'kind'> } = {
  segment: ({ segment, dims }) => ({ segment: segment.name, rowStart: dims.rowStart }),
  message: ({ direction, peer, subject }) => ({ direction, peer, subject }),
  group: ({ subject, group, root }) => ({ subject, group, ...(root === undefined ? {} : { root }) }),
  subject: ({ subject }) => ({ subject }),
  codec: ({ codec }) => ({ subject: codec }),
  nothing: () => ({}),
}

/** The content of the text of `op`. */
export function labelOf(op: Op): OpLabel {
  return {
    kind: op.kind,
    ...(op.stage === undefined ? {} : { stage: op.stage }),
    ...(op.microbatch === undefined ? {} : { microbatch: op.microbatch }),
    ...DETAILS[OP_KINDS[op.kind].detail](op as never),
  }
}

export function opText(op: Op): string {
  const label = labelOf(op)
  return `${label.stage ?? ''}${wordOf(op)}${label.microbatch ?? ''}${detailOf(label)}`
}

function wordOf(op: Op): string {
  const { word, wordFor }: Pick<OpKindRow<Op>, 'word' | 'wordFor'> = OP_KINDS[op.kind]
  if (isMessage(op)) return `${word}_${op.direction}`
  return ('traffic' in op ? wordFor[op.traffic] : undefined) ?? word
}

const markOf = (kind: OpKind) => (OP_KINDS[kind].moves === 'sends' ? '>' : '<')

function detailOf({ kind, segment, rowStart, direction, peer, subject, group, root }: OpLabel): string {
  if (segment !== undefined) return `:${segment}${rowStart ? `@${rowStart}` : ''}`
  if (direction !== undefined)
    return `${markOf(kind)}${peer}${subject === DEFAULT_SUBJECT[direction] ? '' : `:${subject}`}`
  if (subject === undefined) return ''
  const members = group === undefined ? '' : `@${group.join('+')}`
  return `:${subject}${members}${root === undefined ? '' : `/${root}`}`
}

const HEAD = /^(\d*)([A-Z][A-Z_]*?)(\d*)(?:([:<>])([^]*))?$/
const MESSAGE = /^([A-Z]+)_([FB])$/
const MEMBERS = /^([^]*)@(\d+(?:\+\d+)*)(?:\/(\d+))?$/

/** The inverse of `opText`, for what the text contains. Throws RefusedError for text that is not an op. */
export function parseOp(text: string): OpLabel {
  const refuse = () => refused('op', 'not-an-op', { text })
  const [, stage = '', word = '', microbatch = '', mark, detail = ''] = HEAD.exec(text) ?? []
  const position = {
    ...(stage === '' ? {} : { stage: Number(stage) }),
    ...(microbatch === '' ? {} : { microbatch: Number(microbatch) }),
  }
  const [, end = '', direction] = MESSAGE.exec(word) ?? []
  const kind = KIND_OF_WORD.get(word) ?? KIND_OF_WORD.get(end)
  if (kind === undefined) throw refuse()
  const form = OP_KINDS[kind].detail
  if ((form === 'message') !== (direction !== undefined)) throw refuse()
  if (form !== 'message' && (mark === '<' || mark === '>')) throw refuse()
  switch (form) {
    case 'message': {
      const [, peer, , subject] = /^(\d+)(:([^]*))?$/.exec(detail) ?? []
      if (peer === undefined || mark !== markOf(kind)) throw refuse()
      const letter = direction === 'F' ? 'F' : 'B'
      return { kind, ...position, direction: letter, peer: Number(peer), subject: subject ?? DEFAULT_SUBJECT[letter] }
    }
    case 'segment': {
      const [, segment, rowStart] = /^([^@]+)(?:@(\d+))?$/.exec(detail) ?? []
      if (segment === undefined) throw refuse()
      return { kind, ...position, segment, rowStart: Number(rowStart ?? 0) }
    }
    case 'group': {
      const [, subject, members, root] = MEMBERS.exec(detail) ?? []
      if (subject === undefined || members === undefined) throw refuse()
      const group = members.split('+').map(Number)
      return { kind, ...position, subject, group, ...(root === undefined ? {} : { root: Number(root) }) }
    }
    case 'subject':
    case 'codec':
      return { kind, ...position, subject: detail }
    case 'nothing':
      if (mark !== undefined) throw refuse()
      return { kind, ...position }
  }
}
