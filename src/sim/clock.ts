import { InvalidProgramError } from '../core/errors.ts'
import { dependenciesOf, type Dependencies } from '../schedule/dependencies.ts'
import { planMemory, slotNames, type MemoryPlan } from '../schedule/memory-plan.ts'
import { isExchange } from '../schedule/op-kinds.ts'
import type { OpPosition } from '../schedule/program-grid.ts'
import type { Op, Program, Reuse } from '../schedule/program.ts'
import { opText } from '../schedule/text.ts'
import { eagerRoot, eagerSpans } from './clock/eager.ts'
import { meetingsOf } from './clock/meetings.ts'
import { ReadyQueue } from './clock/ready-queue.ts'
import type { CostModel } from './cost/cost-model.ts'

export interface ClockedRank {
  readonly rank: number
  readonly step: readonly Op[]
  readonly plan: MemoryPlan
  /** Seconds from the start of the step, by position in the step. */
  readonly start: Float64Array
  readonly end: Float64Array
  /** Compute; exchanges while compute is idle; neither. The three add up to the step. */
  readonly computeSeconds: number
  readonly communicationSeconds: number
  readonly idleSeconds: number
  /** Exchanges overlapped with compute. */
  readonly overlappedSeconds: number
}

export interface ClockedProgram {
  readonly stepSeconds: number
  readonly ranks: readonly ClockedRank[]
  /** The chain of ops that determines the step time: each began when the previous one ended. */
  readonly criticalPath: readonly OpPosition[]
}

export interface ClockOptions {
  /** All ranks share one device, in turn, as on a machine with a single GPU. */
  readonly sharedDevice?: boolean
  /** Existing memory plans, by rank. */
  readonly plans?: readonly MemoryPlan[]
}

/**
 * The dependencies of a step by the executor's rule: on memory slots, not names. An allocator that reuses free memory for
 * any size has other memory to give while a stream still uses what was freed (PyTorch's record_stream).
 */
function waitsOf(plan: MemoryPlan, reuse: Reuse): Dependencies {
  return reuse === 'any size'
    ? dependenciesOf(plan.step.ops)
    : dependenciesOf(plan.step.ops, slotNames(plan, plan.step))
}

/**
 * Clocks one step of a Program. An op starts when what it waits for is done (the previous op of its stream, the writers
 * of its inputs, the readers of what it overwrites: the executor's rule); a collective when all members have arrived,
 * unless it is messages to or from a root; a recv ends with its message. Deterministic: equal Programs and costs give
 * equal times.
 *
 * @throws InvalidProgramError when ranks deadlock, naming one that waits
 */
export function clockProgram(program: Program, cost: CostModel, options: ClockOptions = {}): ClockedProgram {
  const plans = options.plans ?? program.ranks.map((rank) => planMemory(rank, { curve: false }))
  const base: number[] = []
  let total = 0
  for (const { step } of program.ranks) {
    base.push(total)
    total += step.length
  }
  const rankOf = new Int32Array(total)
  const ops: Op[] = []
  program.ranks.forEach(({ step }, r) => {
    rankOf.fill(r, base[r]!, base[r]! + step.length)
    for (const op of step) ops.push(op)
  })
  const { receiver, collective, members } = meetingsOf(program, base, total)

  // Successors of every op, as one array: followers[offsets[i] … offsets[i + 1]).
  const waits = plans.map((plan, r) => waitsOf(plan, program.ranks[r]!.reuse))
  const left = new Int32Array(total)
  const offsets = new Int32Array(total + 1)
  waits.forEach(({ offsets: own, targets }, r) => {
    for (const target of targets) offsets[base[r]! + target + 1]!++
    for (let i = 0; i + 1 < own.length; i++) left[base[r]! + i] = own[i + 1]! - own[i]!
  })
  for (let i = 0; i < total; i++) offsets[i + 1]! += offsets[i]!
  const followers = new Int32Array(offsets[total]!)
  const filled = offsets.slice(0, total)
  waits.forEach(({ offsets: own, targets }, r) => {
    for (let i = 0; i + 1 < own.length; i++)
      for (let k = own[i]!; k < own[i + 1]!; k++) followers[filled[base[r]! + targets[k]!]!++] = base[r]! + i
  })
  for (const recv of receiver) if (recv >= 0) left[recv]!++

  const start = new Float64Array(total)
  const end = new Float64Array(total)
  const ready = new Float64Array(total)
  /** The op whose end let an op start. */
  const binding = new Int32Array(total).fill(-1)
  /** By recv: its send. */
  const sender = new Int32Array(total).fill(-1)
  const missing = Int32Array.from(members, (each) => each.length)
  const queue = new ReadyQueue(options.sharedDevice ? (i) => ready[i]! : null)
  let device = { free: 0, last: -1 }
  let done = 0

  const release = (i: number): void => {
    if (--left[i]! > 0) return
    const meeting = collective[i]!
    if (meeting < 0 || --missing[meeting]! === 0) queue.push(i)
  }
  const finish = (i: number, from: number, to: number): void => {
    start[i] = from
    end[i] = to
    done++
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
      const next = followers[k]!
      if (to >= ready[next]!) {
        ready[next] = to
        binding[next] = i
      }
      release(next)
    }
    const recv = receiver[i]!
    if (recv >= 0) {
      sender[recv] = i
      // A recv is processed when its message arrives; its own rank's dependencies are tracked separately.
      release(recv)
    }
  }
  /** By rank: when its link has received the messages of collectives it is the root of. */
  const linkFree = new Float64Array(program.ranks.length)
  const timesOf = (i: number) => ({ ready: ready[i]!, seconds: cost.seconds(ops[i]!, program.ranks[rankOf[i]!]!.rank) })
  const meet = (meeting: number): void => {
    const group = members[meeting]!
    const root = eagerRoot(ops[group[0]!]!)
    if (root !== null) {
      const at = rankOf[group[root]!]!
      const spans = eagerSpans(ops[group[0]!]!, group.map(timesOf), root, linkFree[at]!)
      linkFree[at] = Math.max(linkFree[at]!, spans[root]!.end)
      group.forEach((i, member) => {
        const { start: from, end: to, after } = spans[member]!
        if (after !== member) binding[i] = group[after]!
        finish(i, from, to)
      })
      return
    }
    let last = group[0]!
    let seconds = 0
    for (const i of group) {
      if (ready[i]! > ready[last]!) last = i
      seconds = Math.max(seconds, cost.seconds(ops[i]!, program.ranks[rankOf[i]!]!.rank))
    }
    const from = ready[last]!
    for (const i of group) binding[i] = binding[last]!
    for (const i of group) finish(i, from, from + seconds)
  }

  for (let i = 0; i < total; i++)
    if (left[i] === 0 && (collective[i]! < 0 || --missing[collective[i]!]! === 0)) queue.push(i)
  for (let i = queue.pop(); i >= 0; i = queue.pop()) {
    const op = ops[i]!
    const own = ready[i]!
    if (collective[i]! >= 0) meet(collective[i]!)
    else if (op.kind === 'recv') {
      const send = sender[i]!
      if (end[send]! > own) binding[i] = send
      finish(i, Math.max(own, start[send]!), Math.max(own, end[send]!))
    } else {
      const seconds = cost.seconds(op, program.ranks[rankOf[i]!]!.rank)
      let from = own
      if (options.sharedDevice && seconds > 0 && !isExchange(op)) {
        if (device.free > own) {
          from = device.free
          binding[i] = device.last
        }
        device = { free: from + seconds, last: i }
      }
      finish(i, from, from + seconds)
    }
  }
  if (done < total) refuseDeadlock(ops, rankOf, left, collective, missing)

  const stepSeconds = end.reduce((most, each) => Math.max(most, each), 0)
  const ranks = program.ranks.map(({ rank, step }, r): ClockedRank => {
    const from = base[r]!
    const own = { start: start.subarray(from, from + step.length), end: end.subarray(from, from + step.length) }
    return { rank, step, plan: plans[r]!, ...own, ...shareOf(step, own, stepSeconds) }
  })
  return { stepSeconds, ranks, criticalPath: pathOf(end, binding, rankOf, base) }
}

function refuseDeadlock(
  ops: readonly Op[],
  rankOf: Int32Array,
  left: Int32Array,
  collective: Int32Array,
  missing: Int32Array,
): never {
  const stuck = ops.findIndex((_, i) => left[i]! > 0 || (collective[i]! >= 0 && missing[collective[i]!]! > 0))
  throw new InvalidProgramError(`rank ${rankOf[stuck]} waits for ever at ${opText(ops[stuck]!)}`)
}

function pathOf(end: Float64Array, binding: Int32Array, rankOf: Int32Array, base: readonly number[]): OpPosition[] {
  let at = end.reduce((last, each, i) => (each > end[last]! ? i : last), 0)
  const path: OpPosition[] = []
  if (end.length === 0) return path
  for (; at >= 0; at = binding[at]!) path.push({ rank: rankOf[at]!, index: at - base[rankOf[at]!]! })
  return path.reverse()
}

/** Total length of the union of intervals. */
function covered(intervals: [number, number][]): number {
  intervals.sort((a, b) => a[0] - b[0])
  let sum = 0
  let until = -Infinity
  for (const [from, to] of intervals) {
    if (to <= until) continue
    sum += to - Math.max(from, until)
    until = to
  }
  return sum
}

function shareOf(
  step: readonly Op[],
  { start, end }: Pick<ClockedRank, 'start' | 'end'>,
  stepSeconds: number,
): Pick<ClockedRank, 'computeSeconds' | 'communicationSeconds' | 'idleSeconds' | 'overlappedSeconds'> {
  const compute: [number, number][] = []
  const exchange: [number, number][] = []
  step.forEach((op, i) => {
    if (end[i]! > start[i]!) (isExchange(op) ? exchange : compute).push([start[i]!, end[i]!])
  })
  const computeSeconds = covered(compute)
  const either = covered([...compute, ...exchange])
  const communicationSeconds = either - computeSeconds
  return {
    computeSeconds,
    communicationSeconds,
    idleSeconds: Math.max(0, stepSeconds - either),
    overlappedSeconds: covered(exchange) - communicationSeconds,
  }
}
