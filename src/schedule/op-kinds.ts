import type { TrafficKind } from '../core/bytes.ts'
import { decodeLaunch, encodeLaunch } from '../model/codec-launches.ts'
import type { Launch } from '../model/kernels.ts'
import { launchesOf } from '../model/launches.ts'
import { axpyLaunch, gradNormLaunches, updateLaunch } from '../model/vector-launches.ts'
import type { CollectiveOp, Op, Span, Update } from './program.ts'
import type { SpanKind } from './span-kinds.ts'

/**
 * What there is to know of a kind of op: one row each, a column for every question that its readers ask. A kind without a
 * row, or a row without a column, does not compile. What one reader alone does for each kind is a table of its own, by kind
 * or by what a column says.
 */

export type OpKind = Op['kind']

/** An op before it has its number. */
export type OpDraft = Op extends infer Each ? (Each extends Op ? Omit<Each, 'id'> : never) : never

/** The ops among `Each` that may be of a kind. */
export type OpOf<Kind extends OpKind, Each extends { readonly kind: OpKind } = Op> = Each extends unknown
  ? [Each['kind'] & Kind] extends [never]
    ? never
    : Each
  : never

/** `changed`: read and written. A buffer that an op fills before it reads it is only written. */
export type Access = 'read' | 'written' | 'changed'

/** The fields of a record that hold spans, and what is done with those: none of them can be left out. */
type SpanFields<Each, Whole = Each> = {
  readonly [
    Field in keyof Each as NonNullable<Each[Field]> extends Span | readonly Span[] | readonly Update[] ? Field : never
  ]-?: NonNullable<Each[Field]> extends readonly Update[]
    ? SpanFields<Update, never>
    : Access | ([Whole] extends [never] ? never : (op: Whole) => Access)
}

/** Fields that name a buffer, or buffers by their roles. Which of these are read follows for a segment from its kernels. */
type NameFields<Each> = {
  readonly [
    Field in keyof Each as NonNullable<Each[Field]> extends string | Readonly<Record<string, string>> ? Field : never
  ]?: Access | 'by kernels'
}

/** Who has the whole of a collective's vector before and after: everybody, or only the root; the others have nothing then. */
interface Sides {
  readonly root: 'gives' | 'takes' | null
  readonly source: 'whole' | 'part'
  readonly target: 'whole' | 'part'
}

export interface OpKindRow<Each extends Op> {
  /** Its word in text (text.ts), and other words where it carries something of its own. */
  readonly word: string
  readonly wordFor: Readonly<Partial<Record<TrafficKind, string>>>
  /** What stands behind the word: names of the fields that tell ops of a kind apart. */
  readonly detail: 'segment' | 'message' | 'group' | 'subject' | 'codec' | 'nothing'
  /**
   * How a rank performs it. Into the device's queue, whose order is the list's, without waiting: encoded as commands, or
   * written at once. Or beside it, on a stream of its own, taking time on the host.
   */
  readonly performed: 'encoded' | 'written' | 'beside'
  /** What it moves: messages between two ranks, a vector in a group of them, or a copy between device and host. */
  readonly moves: 'sends' | 'receives' | 'meets' | 'copies' | null
  readonly sides: Each extends CollectiveOp ? Sides : null
  readonly spans: SpanFields<Omit<Each, 'id'>>
  readonly names: NameFields<Each>
  /** The kernels it launches on the device, in order. */
  readonly launches: (op: Omit<Each, 'id'>) => Launch[]
  /** Which rule of a cost model (sim/cost) prices it. */
  readonly cost: CostRule
  /** How the timeline draws it, and what it writes into a cell. */
  readonly drawing: SpanKind
  readonly label: string
}

export type OpKindTable = { readonly [Kind in OpKind]: OpKindRow<OpOf<Kind>> }

export type CostRule =
  | 'segment'
  | 'collective'
  | 'message'
  | 'copy'
  /** Inputs from the host. */
  | 'upload'
  | 'update'
  | 'norm'
  | 'sum'
  | 'codec'
  | 'fill'
  | 'nothing'

const none = (): Launch[] => []

const segment = {
  wordFor: {},
  detail: 'segment',
  performed: 'encoded',
  moves: null,
  sides: null,
  spans: {},
  names: { args: 'by kernels' },
  launches: launchesOf,
  cost: 'segment',
} as const

const collective = {
  wordFor: {},
  detail: 'group',
  performed: 'beside',
  moves: 'meets',
  spans: { source: 'read', target: 'written' },
  names: {},
  launches: none,
  cost: 'collective',
  drawing: 'communication',
} as const

const message = {
  wordFor: {},
  detail: 'message',
  performed: 'beside',
  sides: null,
  names: {},
  launches: none,
  drawing: 'communication',
} as const

const copy = {
  wordFor: {},
  detail: 'subject',
  performed: 'beside',
  moves: 'copies',
  sides: null,
  spans: { source: 'read', target: ({ accumulate }: { accumulate?: boolean }) => (accumulate ? 'changed' : 'written') },
  names: {},
  launches: none,
  cost: 'copy',
  drawing: 'communication',
} as const

/** Work on vectors, and what else a rank does by itself. */
const local = { wordFor: {}, moves: null, sides: null, names: {} } as const

export const OP_KINDS = {
  forward: { ...segment, word: 'F', label: 'F', drawing: 'forward' },
  recompute: { ...segment, word: 'R', label: 'R', drawing: 'recompute' },
  backward: { ...segment, word: 'B', label: 'B', drawing: 'backward' },
  backwardInput: { ...segment, word: 'I', label: 'I', drawing: 'backwardInput' },
  backwardWeight: { ...segment, word: 'W', label: 'W', drawing: 'backwardWeight' },
  allReduce: {
    ...collective,
    word: 'ALL_REDUCE',
    label: 'AR',
    sides: { root: null, source: 'whole', target: 'whole' },
  },
  reduceScatter: {
    ...collective,
    word: 'REDUCE_SCATTER',
    // PyTorch's words for what FSDP does to a stage.
    wordFor: { gradients: 'REDUCE_GRAD' },
    label: 'RS',
    sides: { root: null, source: 'whole', target: 'part' },
  },
  allGather: {
    ...collective,
    word: 'ALL_GATHER',
    wordFor: { parameters: 'UNSHARD' },
    label: 'AG',
    sides: { root: null, source: 'part', target: 'whole' },
  },
  broadcast: {
    ...collective,
    word: 'BROADCAST',
    label: 'broadcast',
    sides: { root: 'gives', source: 'whole', target: 'whole' },
  },
  reduce: {
    ...collective,
    word: 'REDUCE',
    label: 'reduce',
    sides: { root: 'takes', source: 'whole', target: 'whole' },
  },
  gather: { ...collective, word: 'GATHER', label: 'gather', sides: { root: 'takes', source: 'part', target: 'whole' } },
  scatter: {
    ...collective,
    word: 'SCATTER',
    label: 'scatter',
    sides: { root: 'gives', source: 'whole', target: 'part' },
  },
  push: { ...collective, word: 'PUSH', label: 'push', sides: { root: 'takes', source: 'whole', target: 'whole' } },
  pull: { ...collective, word: 'PULL', label: 'pull', sides: { root: 'gives', source: 'whole', target: 'whole' } },
  send: { ...message, word: 'SEND', label: 'send', moves: 'sends', spans: { source: 'read' }, cost: 'message' },
  // Its time is that of the send.
  recv: { ...message, word: 'RECV', label: 'recv', moves: 'receives', spans: { target: 'written' }, cost: 'nothing' },
  offload: { ...copy, word: 'OFFLOAD', label: 'offload' },
  fetch: { ...copy, word: 'FETCH', label: 'fetch' },
  optimizerStep: {
    ...local,
    word: 'OPTIMIZER_STEP',
    detail: 'nothing',
    performed: 'encoded',
    spans: {
      updates: { parameter: 'changed', gradient: 'read', master: 'changed', moment1: 'changed', moment2: 'changed' },
    },
    names: { norm: 'read' },
    launches: ({ at, updates, norm = '' }) =>
      at === 'device' ? updates.map((update) => updateLaunch(update, 'hyper', norm)) : [],
    cost: 'update',
    drawing: 'optimizer',
    label: 'step',
  },
  gradNorm: {
    ...local,
    word: 'GRAD_NORM',
    detail: 'nothing',
    performed: 'encoded',
    spans: { spans: 'read' },
    names: { target: 'written', scratch: 'written' },
    launches: ({ at, spans, scratch, target }) => (at === 'device' ? gradNormLaunches(spans, scratch, target) : []),
    cost: 'norm',
    drawing: 'optimizer',
    label: 'norm',
  },
  loadBatch: {
    ...local,
    word: 'LOAD_BATCH',
    detail: 'nothing',
    performed: 'written',
    spans: {},
    names: { args: 'written' },
    launches: none,
    cost: 'upload',
    drawing: 'other',
    label: 'loadBatch',
  },
  clear: {
    ...local,
    word: 'CLEAR',
    detail: 'nothing',
    performed: 'encoded',
    spans: { spans: 'written' },
    launches: none,
    cost: 'fill',
    drawing: 'other',
    label: 'clear',
  },
  add: {
    ...local,
    word: 'ADD',
    detail: 'nothing',
    performed: 'encoded',
    spans: { source: 'read', target: ({ assign }) => (assign ? 'written' : 'changed') },
    launches: ({ source, target, assign }) => source.map((each, i) => axpyLaunch(each, target[i]!, !assign)),
    cost: 'sum',
    drawing: 'other',
    label: 'add',
  },
  encode: {
    ...local,
    word: 'ENCODE',
    detail: 'codec',
    performed: 'encoded',
    spans: { source: 'read', target: 'written', residue: 'written' },
    launches: ({ codec, source, target, residue }) =>
      source.map((each, i) => encodeLaunch(codec, each, target[i]!, residue)),
    cost: 'codec',
    drawing: 'communication',
    label: 'encode',
  },
  decode: {
    ...local,
    word: 'DECODE',
    detail: 'codec',
    performed: 'encoded',
    // Where the first of several replaces what is there, the others add to that.
    spans: { source: 'read', target: ({ accumulate }) => (accumulate.every(Boolean) ? 'changed' : 'written') },
    launches: ({ codec, source, target, accumulate }) =>
      source.map((each, i) => decodeLaunch(codec, each, target[i]!, accumulate[i]!)),
    cost: 'codec',
    drawing: 'communication',
    label: 'decode',
  },
  report: {
    ...local,
    word: 'REPORT',
    detail: 'nothing',
    performed: 'beside',
    spans: {},
    names: { loss: 'read', norm: 'read' },
    launches: none,
    cost: 'nothing',
    drawing: 'other',
    label: 'report',
  },
} as const satisfies OpKindTable

type Rows = typeof OP_KINDS

/** The kinds of which a column says this. */
export type KindsWith<Column extends keyof OpKindRow<Op>, Value> = {
  [Kind in OpKind]: Rows[Kind][Column] extends Value ? Kind : never
}[OpKind]

type OpWith<Column extends keyof OpKindRow<Op>, Value, Each extends { readonly kind: OpKind }> = OpOf<
  KindsWith<Column, Value>,
  Each
>

interface OfKind {
  readonly kind: OpKind
}

export function isCompute<Each extends OfKind>(op: Each): op is OpWith<'cost', 'segment', Each> {
  return OP_KINDS[op.kind].cost === 'segment'
}

export function isCollective<Each extends OfKind>(op: Each): op is OpWith<'moves', 'meets', Each> {
  return OP_KINDS[op.kind].moves === 'meets'
}

export function isMessage<Each extends OfKind>(op: Each): op is OpWith<'moves', 'sends' | 'receives', Each> {
  const { moves } = OP_KINDS[op.kind]
  return moves === 'sends' || moves === 'receives'
}

/** Ops that move data between ranks, or between a device and the memory of its host. */
export function isExchange({ kind }: OfKind): boolean {
  return OP_KINDS[kind].moves !== null
}

/** Ops that only hand work to the device's queue, in list order. The others take time on the host and overlap. */
export function isQueued({ kind }: OfKind): boolean {
  return OP_KINDS[kind].performed !== 'beside'
}

/** The launches an op performs on the device, whatever its kind. */
export function launchesOfOp(op: OpDraft): Launch[] {
  return OP_KINDS[op.kind].launches(op as never)
}
