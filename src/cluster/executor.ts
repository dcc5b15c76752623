import { faultErrorOf, errorOf, faultOf, onRank } from '../core/errors.ts'
import type { FaultError } from '../core/errors.ts'
import { dependenciesOf } from '../schedule/dependencies.ts'
import type { ExtentPlan, MemoryPlan } from '../schedule/memory-plan.ts'
import { slotNames } from '../schedule/memory-plan.ts'
import { OP_KINDS, isCollective, isMessage, isQueued } from '../schedule/op-kinds.ts'
import type { Op, RankProgram } from '../schedule/program.ts'
import { opText } from '../schedule/text.ts'
import type { Gate } from './gate.ts'
import { RankActivity } from './rank-activity.ts'
import type { HandlerContext } from './handlers/context.ts'
import { HANDLERS } from './handlers/table.ts'
import type { ExecutedSpan } from '../schedule/executed-span.ts'
import type { Slots } from './slots.ts'

/** Timers are no finer than this. */
const SHORTEST_WAIT_MILLISECONDS = 4

interface Prepared {
  /** The extent whose memory plan the ops' buffers use. */
  readonly whole: ExtentPlan
  readonly plan: Pick<ExtentPlan, 'ops' | 'acquire' | 'release'>
  /** Ops to wait for that take time on the host; queued ops need no waiting, since list order is queue order. */
  readonly waits: readonly (readonly number[])[]
}

function prepare(whole: ExtentPlan, plan: MemoryPlan, part: Prepared['plan'] = whole): Prepared {
  const all = dependenciesOf(part.ops, slotNames(plan, whole))
  const waits = part.ops.map((_, i) => [...all.of(i)].filter((j) => !isQueued(part.ops[j]!)))
  return { whole, plan: part, waits }
}

/** The ops of each turn of an extent. */
function turnsOf(whole: ExtentPlan, plan: MemoryPlan): Map<string, Prepared> {
  const indices = new Map<string, number[]>()
  for (const [i, { turn }] of whole.ops.entries())
    if (turn !== undefined) indices.set(turn, [...(indices.get(turn) ?? []), i])
  return new Map(
    [...indices].map(([turn, list]) => {
      const pick = <Each>(of: readonly Each[]) => list.map((i) => of[i]!)
      const part = { ops: pick(whole.ops), acquire: pick(whole.acquire), release: pick(whole.release) }
      return [turn, prepare(whole, plan, part)]
    }),
  )
}

/**
 * Executes a rank's ops in list order. Compute goes to the device's in-order queue as soon as its inputs have arrived;
 * exchanges run concurrently on their streams. Buffers start and end at their positions in the list.
 */
export class Executor {
  private readonly extents: Record<'prologue' | 'step' | 'epilogue', Prepared>
  private readonly turns: ReadonlyMap<string, Prepared>
  private spans: ExecutedSpan[] = []
  /** Ops encoded since the last submit, and when the device finished the previous one. */
  private encoded: Op[] = []
  private deviceFree = 0
  /** Milliseconds a straggler still has to wait. */
  private owedMilliseconds = 0
  /** The current op; null between steps. */
  current: Op | null = null
  /** Activity since the last progress report. */
  readonly activity = new RankActivity()
  traced = false

  constructor(
    readonly program: RankProgram,
    readonly plan: MemoryPlan,
    readonly slots: Slots,
    private readonly context: HandlerContext,
    private readonly gate: Gate,
  ) {
    const of = (extent: ExtentPlan) => prepare(extent, plan)
    this.extents = { prologue: of(plan.prologue), step: of(plan.step), epilogue: of(plan.epilogue) }
    this.turns = turnsOf(plan.step, plan)
  }

  hasTurn(turn: string): boolean {
    return this.turns.has(turn)
  }

  /** Runs the ops of one turn of the step. */
  runTurn(turn: string, step: number): Promise<void> {
    return this.perform(this.turns.get(turn)!, step)
  }

  takeSpans(): ExecutedSpan[] {
    const taken = this.spans
    this.spans = []
    return taken
  }

  /** Runs one extent to its end. Throws a RankError naming the first op that failed, after pending ops have settled. */
  run(extent: 'prologue' | 'step' | 'epilogue', step: number): Promise<void> {
    return this.perform(this.extents[extent], step)
  }

  private async perform({ whole, plan, waits }: Prepared, step: number): Promise<void> {
    this.slots.enter(whole)
    this.context.step = step
    const done: (Promise<void> | null)[] = plan.ops.map(() => null)
    let failure: { op: Op; error: unknown } | null = null
    const fail = (op: Op, error: unknown) => {
      failure ??= { op, error }
      this.context.transport?.abort(faultErrorOf(error))
    }
    for (const [i, op] of plan.ops.entries()) {
      if (failure) break
      this.current = op
      this.setPlace(op)
      this.activity.onNextOp()
      try {
        if (!(await this.gate.pass(op))) break
        for (const name of plan.acquire[i]!) this.slots.acquire(name)
        if (this.context.gpu) this.activity.setLiveBytes(op.id, this.context.gpu.meter.liveBytes)
        const pending = waits[i]!.flatMap((j) => done[j] ?? [])
        if (isQueued(op)) {
          if (pending.length > 0) await Promise.all(pending)
          if (failure) break
          await this.timed(op, step)
        } else {
          const started = Promise.all(pending).then(() => {
            if (failure) return undefined
            this.setPlace(op)
            return this.timed(op, step)
          })
          done[i] = started.then(undefined, (error: unknown) => fail(op, error))
        }
      } catch (error) {
        fail(op, error)
      }
      for (const name of plan.release[i]!) if (!failure) this.slots.release(name)
    }
    await Promise.all(done)
    this.current = null
    if (failure) throw this.errorAt(failure)
    this.context.gpu?.queue.flush()
    if (this.context.gpu) this.context.gpu.faults.place = null
  }

  /** From here on device commands belong to this op. */
  private setPlace(op: Op): void {
    if (this.context.gpu) this.context.gpu.faults.place = () => opText(op)
  }

  /**
   * Spans use the host's clock. Device time is known per submit only: one span from its submit (or the end of the
   * previous one) until the device is done, attributed to its first op. Tracing submits op by op.
   */
  private async timed(op: Op, step: number): Promise<void> {
    const gpu = this.context.gpu
    const onDevice = OP_KINDS[op.kind].performed === 'encoded' && gpu !== null
    if (onDevice) {
      this.encoded.push(op)
      gpu.queue.onSubmit = () => this.submitted(step)
    }
    const start = performance.now()
    const exchanges = isCollective(op) || isMessage(op)
    if (exchanges) this.activity.exchangeBegan(op.id)
    const began = await HANDLERS[op.kind](op as never, this.context, this.slots)
    if (exchanges) this.activity.exchangeEnded(op.id)
    if (onDevice && this.context.slowdown > 1) await this.waitAsStraggler(start)
    else if (this.traced && onDevice) await gpu.queue.idle()
    if (!onDevice) this.recordSpan(op, step, began ?? start, performance.now())
  }

  /** A straggler waits for its slowdown's multiple of the device time; waits too short for a timer accumulate. */
  private async waitAsStraggler(start: number): Promise<void> {
    await this.context.gpu!.queue.idle()
    this.owedMilliseconds += (performance.now() - start) * (this.context.slowdown - 1)
    if (this.owedMilliseconds < SHORTEST_WAIT_MILLISECONDS) return
    const slept = performance.now()
    await new Promise((resolve) => setTimeout(resolve, this.owedMilliseconds))
    this.owedMilliseconds -= performance.now() - slept
  }

  private submitted(step: number): void {
    const [first] = this.encoded
    this.encoded = []
    if (!first) return
    const start = performance.now()
    this.context.gpu!.device.queue.onSubmittedWorkDone().then(
      () => {
        const end = performance.now()
        this.recordSpan(first, step, Math.max(start, this.deviceFree), end)
        this.deviceFree = end
      },
      () => undefined,
    )
  }

  private recordSpan(op: Op, step: number, start: number, end: number): void {
    const seconds = (time: number) => (performance.timeOrigin + time) / 1000
    this.spans.push({
      rank: this.program.rank,
      op: op.id,
      step,
      stream: op.stream,
      start: seconds(start),
      end: seconds(end),
    })
  }

  private errorAt({ op, error }: { op: Op; error: unknown }): FaultError {
    return errorOf(onRank(faultOf(error), this.program.rank, opText(op)))
  }
}
