import type { RunConfig } from '../../config/types.ts'
import type { Category } from '../../core/bytes.ts'
import { CATEGORIES, roundBufferBytes } from '../../core/bytes.ts'
import { parameterTable } from '../../model/parameters.ts'
import type { MemoryPlan } from '../../schedule/memory-plan.ts'
import { broughtBy } from '../../schedule/op-buffers.ts'
import { OP_KINDS, isCollective, isCompute, isMessage } from '../../schedule/op-kinds.ts'
import type { BufferSpec, Op, Program, RankProgram, Span } from '../../schedule/program.ts'
import { isBackward } from '../../schedule/span-kinds.ts'
import { noteOf } from '../../schedule/trace.ts'
import { rankTraffic } from '../../sim/traffic.ts'
import { deviceFormulas } from './device-formulas.ts'
import type { Formula } from './formula.ts'
import type { Inspected, OptimizerRule, Part, PartList, Target } from './inspected.ts'
import { flopFormula, flopSumFormula, sentFormula } from './op-formulas.ts'
import { bytesFormula } from './tensor-formulas.ts'

/** A Program to inspect. */
export interface Inspectable {
  readonly program: Program
  readonly config: RunConfig
  readonly memory: readonly MemoryPlan[]
}

/** Description, size and evaluated formula of a target; null if the Program does not have it. */
export function inspect(whole: Inspectable, target: Target): Inspected | null {
  const rank = whole.program.ranks[target.rank]
  if (!rank) return null
  switch (target.kind) {
    case 'device':
      return inspectDevice(whole, rank)
    case 'action': {
      const ops = rank.step.filter((op) => belongs(op, target))
      const { rank: at, pass, stage, microbatch } = target
      return {
        kind: 'action',
        name: '',
        rank: at,
        pass,
        stage,
        microbatch,
        flop: flopOf(ops, whole.config),
        formulas: [flopSumFormula(ops.filter(isCompute), whole.config.model)].filter((each) => each !== null),
        lists: [listOfOps(rank, ops)],
      }
    }
    case 'op': {
      const op = [...rank.prologue, ...rank.step, ...rank.epilogue].find(({ id }) => id === target.op)
      return op ? inspectOp(whole, rank, op) : null
    }
    case 'tensor': {
      const spec = rank.buffers.get(target.name)
      return spec ? inspectTensor(whole, rank, spec) : null
    }
  }
}

/** Ops of a schedule's cell: a full backward includes its halves, preceded by recomputation. */
function belongs(op: Op, { stage, microbatch, pass }: Extract<Target, { kind: 'action' }>): boolean {
  if (op.stage !== stage || op.microbatch !== microbatch) return false
  const own = OP_KINDS[op.kind].drawing
  if (pass === 'backwardWeight' || own === 'backwardWeight')
    return own === pass || (own === 'backwardWeight' && pass === 'backward')
  // A message's direction says whose it is; other exchanges go with the pass that needs them.
  const goesBack = isMessage(op)
    ? op.direction === 'B'
    : own === 'recompute' || isBackward(own) || isGradient(op) || (isCollective(op) && op.phase === 'recompute')
  return goesBack === (pass !== 'forward')
}

const isGradient = (op: Op) => 'traffic' in op && op.traffic === 'gradients'

function flopOf(ops: readonly Op[], { model }: RunConfig): number {
  return ops.filter(isCompute).reduce((sum, op) => sum + (flopFormula(op, model)?.value ?? 0), 0)
}

const opPart = (rank: RankProgram, op: Op): Part => {
  const { detail, bytes } = noteOf(op)
  return { target: { kind: 'op', rank: rank.rank, op: op.id }, name: detail, bytes }
}

function listOfOps(rank: RankProgram, ops: readonly Op[], of: 'ops' | 'exchanges' | 'usedBy' = 'ops'): PartList {
  return { of, parts: ops.map((op) => opPart(rank, op)), bytes: null }
}

const tensorPart = (rank: RankProgram, { name }: Pick<BufferSpec, 'name'>, bytes: number): Part => ({
  target: { kind: 'tensor', rank: rank.rank, name },
  name,
  bytes,
})

/** Bytes of a buffer as counted by the ledger (schedule/memory-plan.ts). */
const takenBytes = (spec: BufferSpec) =>
  spec.home === 'uniform' ? Math.max(256, spec.bytes) : roundBufferBytes(spec.bytes)

/** Buffers that are live at the op where the rank's memory peaks. */
function liveAtPeak(rank: RankProgram, plan: MemoryPlan): BufferSpec[] {
  const live = new Set(plan.persistent.keys())
  for (const { ops, acquire, release } of [plan.prologue, plan.step, plan.epilogue])
    for (const [i, op] of ops.entries()) {
      for (const name of acquire[i]!) live.add(name)
      if (op.id === plan.peakOp) return [...live].map((name) => rank.buffers.get(name)!)
      for (const name of release[i]!) live.delete(name)
    }
  return [...plan.persistent.keys()].map((name) => rank.buffers.get(name)!)
}

function inspectDevice({ config, memory }: Inspectable, rank: RankProgram): Inspected {
  const plan = memory[rank.rank]!
  const live = liveAtPeak(rank, plan).filter(({ home }) => home !== 'host' || rank.device === 'cpu')
  const lists = CATEGORIES.flatMap((of): PartList[] => {
    const specs = live.filter(({ category }) => category === of).toSorted((a, b) => b.bytes - a.bytes)
    if (specs.length === 0) return []
    const parts = specs.map((spec) => tensorPart(rank, spec, takenBytes(spec)))
    return [{ of, parts, bytes: parts.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) }]
  })
  const freeBytes = plan.curve.find(({ op }) => op === plan.peakOp)?.cached ?? 0
  const bytesOf = (specs: readonly BufferSpec[]) => specs.reduce((sum, spec) => sum + takenBytes(spec), 0)
  const held = (category: Category) => bytesOf(live.filter((spec) => spec.category === category))
  const exchanges = rank.step.filter((op) => isCollective(op) || isMessage(op))
  return {
    kind: 'device',
    name: '',
    rank: rank.rank,
    isCpu: rank.device === 'cpu',
    peakBytes: plan.peak.total,
    freeBytes,
    sentBytes: rankTraffic(rank).sentBytes,
    flop: flopOf(rank.step, config),
    formulas: deviceFormulas(
      {
        parameters: held('parameters'),
        gradients: held('gradients'),
        optimizer: held('optimizer'),
        activations: held('activations'),
        communication: held('communication'),
        workspace: held('workspace'),
        gathered: bytesOf(live.filter((spec) => spec.role === 'gathered')),
        free: freeBytes,
      },
      config,
    ),
    lists: exchanges.length === 0 ? lists : [...lists, listOfOps(rank, exchanges, 'exchanges')],
  }
}

/** Bytes that one op moves, counted as in the totals of a step. */
function movedBy(
  rank: RankProgram,
  op: Op,
): { formula: Formula | null; group: readonly number[]; moved: { sent: number; received: number } | null } {
  if (isCollective(op)) {
    const { sent, received, formula } = sentFormula(op, rank.rank)
    return { formula, group: op.group, moved: { sent, received } }
  }
  if (!isMessage(op)) return { formula: null, group: [], moved: null }
  const bytes = noteOf(op).bytes ?? 0
  const group = op.kind === 'send' ? [rank.rank, op.peer] : [op.peer, rank.rank]
  return {
    formula: null,
    group,
    moved: op.kind === 'send' ? { sent: bytes, received: 0 } : { sent: 0, received: bytes },
  }
}

/** Buffers behind an op's spans, each with its bytes. */
function spanParts(rank: RankProgram, spans: readonly Span[]): Part[] {
  return spans.map((span) => tensorPart(rank, { name: span.buffer }, span.length * 4))
}

function inspectOp({ config }: Inspectable, rank: RankProgram, op: Op): Inspected {
  const { formula, group, moved } = movedBy(rank, op)
  const flop = isCompute(op) ? flopFormula(op, config.model) : null
  const named = (of: 'reads' | 'writes'): PartList[] => {
    const specs = [...new Set(op[of])].flatMap((name) => rank.buffers.get(name) ?? [])
    if (specs.length === 0) return []
    return [
      {
        of,
        parts: specs.map((spec) => tensorPart(rank, spec, spec.bytes)),
        bytes: specs.reduce((sum, { bytes }) => sum + bytes, 0),
      },
    ]
  }
  // A bucket is what its collective takes up: the spans say which tensors, and how much of each.
  const brought = broughtBy(op)
  const moves: PartList[] =
    moved !== null && brought.length > 0
      ? [
          {
            of: 'moves',
            parts: spanParts(rank, brought),
            bytes: brought.reduce((sum, { length }) => sum + length * 4, 0),
          },
        ]
      : []
  return {
    kind: 'op',
    name: noteOf(op).detail,
    rank: rank.rank,
    pass: OP_KINDS[op.kind].drawing,
    does: op.kind,
    stream: op.stream,
    stage: op.stage ?? null,
    microbatch: op.microbatch ?? null,
    group,
    moved,
    optimizer: op.kind === 'optimizerStep' ? ruleOf(config) : null,
    formulas: [flop, formula].filter((each) => each !== null),
    lists: moves.length > 0 ? moves : [...named('reads'), ...named('writes')],
  }
}

/** AdamW after arXiv:1711.05101, algorithm 2, with PyTorch's decay; SGD with momentum as PyTorch writes it. */
function ruleOf({
  optimizer: { kind, learningRate, betas, epsilon, weightDecay, momentum },
}: RunConfig): OptimizerRule {
  return kind === 'adamw'
    ? {
        rule: 'θ ← θ − η · (m̂ / (√v̂ + ε) + λ · θ),  m ← β₁ · m + (1 − β₁) · g,  v ← β₂ · v + (1 − β₂) · g²',
        numbers: [
          ['η', learningRate],
          ['β₁', betas[0]],
          ['β₂', betas[1]],
          ['ε', epsilon],
          ['λ', weightDecay],
        ],
      }
    : {
        rule: 'θ ← θ − η · m,  m ← μ · m + g + λ · θ',
        numbers: [
          ['η', learningRate],
          ['μ', momentum],
          ['λ', weightDecay],
        ],
      }
}

function inspectTensor({ config: { model } }: Inspectable, rank: RankProgram, spec: BufferSpec): Inspected {
  const users = [...rank.prologue, ...rank.step].filter(
    ({ reads, writes }) => reads.includes(spec.name) || writes.includes(spec.name),
  )
  return {
    kind: 'tensor',
    name: spec.name,
    rank: rank.rank,
    role: spec.role,
    category: spec.category,
    shape: parameterTable(model).find((each) => each.name === spec.tensor)?.shape ?? null,
    elements: spec.elements,
    bytes: takenBytes(spec),
    persistent: spec.persistent,
    formulas: [bytesFormula(rank, spec, model)],
    lists: users.length === 0 ? [] : [listOfOps(rank, users, 'usedBy')],
  }
}
