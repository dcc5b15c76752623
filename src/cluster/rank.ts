import { meshSize } from '../core/mesh.ts'
import { FaultError, faultErrorOf, errorOf, faultOf, onRank, invariant } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import { zeroByCategory, zeroByTraffic, zeroPeak } from '../core/bytes.ts'
import type { Dataset } from '../data/dataset.ts'
import { openDataset } from '../data/dataset.ts'
import { microbatchInputs } from '../data/microbatch.ts'
import type { GpuDevice } from '../gpu/gpu-device.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import { parameterTable } from '../model/parameters.ts'
import { planMemory } from '../schedule/memory-plan.ts'
import type { Holding, LoadBatchOp, Op, RankProgram } from '../schedule/program.ts'
import { holdingsOf } from './assemble.ts'
import { Executor } from './executor.ts'
import { Gate } from './gate.ts'
import { logitsOf } from './generate.ts'
import type { HandlerContext, InputArrays } from './handlers/context.ts'
import { readSpans, writeSpans } from './handlers/readback.ts'
import { drawParameter } from './initial-values.ts'
import { learningRateAt } from './learning-rate.ts'
import type { TensorPiece, ProgramName, RankPort, RankReply, RankRequest, StateKind } from './protocol.ts'
import { Slots, hostMemory } from './slots.ts'
import { opsInTick } from './ticks.ts'
import { Turns } from './turns.ts'
import type { Transport } from './transport/transport.ts'

/** What differs between hosts of a rank: how it opens its device and transport. */
export interface RankHost {
  openGpu(
    request: OpenRequest,
    progress: (what: string, fraction: number | null, detail: string) => void,
  ): Promise<GpuDevice>
  openTransport(request: OpenRequest): Transport
}

export type OpenRequest = Extract<RankRequest, { kind: 'open' }>

interface Loaded {
  readonly program: RankProgram
  readonly slots: Slots
  readonly executor: Executor
}

/** How often a rank reports its position. */
const REPORT_MILLISECONDS = 250

/** State is sent in messages of at most this many elements. */
const PIECE_ELEMENTS = 2 ** 22

/**
 * One rank: handles requests in order; owns a device, a transport and the Programs it was given. Pausing, aborting and
 * closing do not wait for the current request. Every failure is reported once; everything is released on close.
 */
export class Rank {
  private opened: OpenRequest | null = null
  private gpu: GpuDevice | null = null
  private transport: Transport | null = null
  private readonly loaded = new Map<ProgramName, Loaded>()
  private dataset: Dataset | null = null
  private specs = new Map<string, ParameterSpec>()
  private readonly gate = new Gate()
  /** For Programs other than training, which are never paused. */
  private readonly inferenceGate = new Gate()
  private queue: Promise<void> = Promise.resolve()
  private failed = false
  private inferTokens: Uint32Array | null = null
  private validationIndex: number | null = null
  private stepReport = { loss: 0, normSquared: 0 }
  private capture: StateKind | null = null
  private trace = false
  private totalSteps = 1
  private turns: Turns | null = null
  private reportTimer: ReturnType<typeof setInterval> | undefined

  constructor(
    private readonly port: RankPort<RankReply, RankRequest>,
    private readonly host: RankHost,
  ) {
    this.gate.onHold = (op) => port.post({ kind: 'paused', step: this.context?.step ?? 0, op: op?.id ?? null })
    port.listen((request) => {
      try {
        this.receive(request)
      } catch (error) {
        this.fail(error)
      }
    })
  }

  private context: HandlerContext | null = null

  private receive(request: RankRequest): void {
    switch (request.kind) {
      case 'pause':
        return this.gate.pause(request.at)
      case 'resume':
        return this.gate.resume()
      case 'advance':
        return this.gate.advance((last, allowed) => (request.by === 'op' ? 1 : this.opsInTick(last, allowed)))
      case 'abort':
        this.failed = true
        this.gate.end()
        this.inferenceGate.end()
        this.transport?.abort(errorOf(request.fault))
        return
      case 'close':
        this.gate.end()
        this.inferenceGate.end()
        if (this.failed) this.transport?.abort(new FaultError(sentence('rank-closed')))
        void this.queue.then(() => this.close())
        return
      default:
        this.queue = this.queue.then(() => this.handle(request)).catch((error: unknown) => this.fail(error))
    }
  }

  private fail(error: unknown): void {
    if (this.failed) return
    this.failed = true
    this.gate.end()
    this.inferenceGate.end()
    this.transport?.abort(faultErrorOf(error))
    this.port.post({ kind: 'failed', fault: faultOf(error) })
  }

  private async handle(request: Exclude<RankRequest, { kind: 'pause' | 'resume' | 'advance' | 'abort' | 'close' }>) {
    if (this.failed) return
    const preservingPeaks = <Value>(work: () => Promise<Value>) =>
      this.gpu ? this.gpu.meter.preservingPeaks(work) : work()
    switch (request.kind) {
      case 'open':
        return this.open(request)
      case 'load':
        return request.name === 'train' ? this.load(request) : preservingPeaks(() => this.load(request))
      case 'unload':
        this.loaded.get(request.name)?.slots.destroy()
        this.loaded.delete(request.name)
        return
      case 'put':
        return this.put(request)
      case 'initialise':
        return this.initialise(request.draw)
      case 'train':
        return this.train(request)
      case 'infer':
        return preservingPeaks(() => this.infer(request))
      case 'evaluate':
        return preservingPeaks(() => this.evaluate(request))
      case 'gather':
        return void this.port.post({
          kind: 'pieces',
          id: request.id,
          pieces: await this.pieces(this.program('train'), request.state, request.tensors),
        })
      case 'trace':
        this.trace = request.on
    }
  }

  private async open(request: OpenRequest): Promise<void> {
    this.opened = request
    const { config } = request
    this.specs = new Map(parameterTable(config.model).map((spec) => [spec.name, spec]))
    this.totalSteps = config.steps ?? 1
    this.turns = config.parallel.server.async ? new Turns(config) : null
    const isServer = request.rank >= meshSize(config.parallel)
    if (!isServer) {
      const gpu = await this.host.openGpu(request, (what, fraction, detail) =>
        this.port.post({ kind: 'progress', what, fraction, detail }),
      )
      this.gpu = gpu
      gpu.faults.onFault = (fault, place) => this.fail(errorOf(onRank(fault, request.rank, place)))
    }
    this.transport = request.world > 1 ? this.host.openTransport(request) : null
    this.context = {
      gpu: this.gpu,
      transport: this.transport,
      optimizer: config.optimizer,
      step: 0,
      update: 0,
      learningRate: (step) => learningRateAt(config.optimizer, step, this.totalSteps),
      inputs: (op, step) => this.inputs(op, step),
      report: ({ loss, normSquared }) => {
        this.stepReport.loss += loss
        this.stepReport.normSquared += normSquared
      },
      beforeOptimizer: () => this.captureGradients(),
      slowdown: config.cluster.stragglers.find((each) => each.rank === request.rank)?.slowdown ?? 1,
    }
    this.port.post({ kind: 'opened', adapter: this.gpu?.info ?? null, variants: this.gpu?.variants ?? {} })
  }

  private async load(request: Extract<RankRequest, { kind: 'load' }>): Promise<void> {
    const { program, name } = request
    const plan = planMemory(program, { curve: false })
    const train = name === 'train' ? null : this.program('train').slots
    this.loaded.get(name)?.slots.destroy()
    const slots = new Slots(this.gpu, program, plan, train)
    const executor = new Executor(
      program,
      plan,
      slots,
      this.context!,
      name === 'train' ? this.gate : this.inferenceGate,
    )
    this.loaded.set(name, { program, slots, executor })
    if (request.dataset) this.dataset = openDataset(request.dataset)
    await this.gpu?.faults.settled()
    this.port.post({ kind: 'loaded', name })
  }

  private program(name: ProgramName): Loaded {
    const found = this.loaded.get(name)
    invariant(found, `rank ${this.opened?.rank} has no ${name} program`)
    return found
  }

  /** Ops of the tick that begins `allowed` ops after `last`; the following step has the same list. */
  private opsInTick(last: Op | null, allowed: number): number {
    const { step } = this.program('train').program
    const after = last === null ? 0 : step.findIndex(({ id }) => id === last.id) + 1
    return opsInTick(step, (after + allowed) % step.length, this.opened!.config.parallel.schedule)
  }

  private inputs(op: LoadBatchOp, step: number): InputArrays {
    if (this.inferTokens) return { tokens: this.inferTokens }
    invariant(this.dataset, 'no data was loaded')
    const batch = { B: op.dims.B, T: op.dims.T }
    if (this.validationIndex !== null)
      return microbatchInputs(this.dataset, { validation: this.validationIndex }, op.samples, batch)
    const samples = this.turns ? this.turns.samples(op) : op.samples
    return microbatchInputs(this.dataset, { step }, samples, batch)
  }

  private put({ state, tensor, from, data }: Extract<RankRequest, { kind: 'put' }>): void {
    const { program, slots } = this.program('train')
    for (const holding of holdingsOf(program, state)) {
      if (holding.tensor !== tensor) continue
      const low = Math.max(from, holding.from)
      const high = Math.min(from + data.length, holding.from + holding.span.length)
      if (high <= low) continue
      const { buffer, offset } = holding.span
      const span = { buffer, offset: offset + low - holding.from, length: high - low }
      writeSpans(this.gpu, slots, [span], data.subarray(low - from, high - from))
    }
  }

  private async initialise(draw: boolean): Promise<void> {
    const { program, slots, executor } = this.program('train')
    if (draw && program.state.drawn) for (const holding of program.state.parameters) this.draw(holding, program, slots)
    for (const holding of [...program.state.moment1, ...program.state.moment2])
      if (slots.onHost(holding.span.buffer)) slots.array(holding.span.buffer).fill(0)
    await executor.run('prologue', 0)
    await this.gpu?.queue.idle()
    this.port.post({ kind: 'initialised' })
  }

  private draw({ tensor, from, span }: Holding, program: RankProgram, slots: Slots): void {
    const { config } = this.opened!
    const values = new Float32Array(span.length)
    const shard = { tensor: config.parallel.tensor, index: program.coordinates.tensor }
    drawParameter(this.specs.get(tensor)!, config.seed, shard, from, values)
    writeSpans(this.gpu, slots, [span], values)
  }

  private async train({
    step: first,
    count,
    captureGradients,
  }: Extract<RankRequest, { kind: 'train' }>): Promise<void> {
    const { executor } = this.program('train')
    executor.traced = this.trace
    this.capture = captureGradients ? 'gradients' : null
    this.reportTimer ??= setInterval(
      () =>
        this.port.post({
          kind: 'current',
          op: executor.current?.id ?? null,
          ...executor.activity.takeReport(),
          ...this.memory(),
        }),
      REPORT_MILLISECONDS,
    )
    for (let step = first; step < first + count; step++) {
      if (!(await this.gate.passStep())) break
      const before = this.counters()
      const start = performance.now()
      this.stepReport = { loss: 0, normSquared: 0 }
      this.context!.update = step
      const staleness = this.turns ? await this.turns.step(executor, this.context!, step) : undefined
      if (!this.turns) await executor.run('step', step)
      if (this.gate.closed) break
      await this.gpu?.faults.settled()
      // Over several updates in a step the norm is their root mean square.
      if (staleness) this.stepReport.normSquared /= Math.max(1, this.turns!.updates)
      const after = this.counters()
      this.capture = null
      this.port.post({
        kind: 'step',
        step,
        ...this.stepReport,
        ...(staleness === undefined ? {} : { staleness }),
        seconds: (performance.now() - start) / 1000,
        memory: this.memory(),
        sentBytes: after.sent.total - before.sent.total,
        receivedBytes: after.received.total - before.received.total,
        traffic: {
          parameters: after.sent.parameters - before.sent.parameters,
          gradients: after.sent.gradients - before.sent.gradients,
          activations: after.sent.activations - before.sent.activations,
          scalars: after.sent.scalars - before.sent.scalars,
        },
      })
      this.port.post({ kind: 'spans', spans: executor.takeSpans() })
    }
    this.port.post({ kind: 'trained' })
  }

  private counters() {
    const total = (kinds: ReturnType<typeof zeroByTraffic>) => ({
      ...kinds,
      total: kinds.parameters + kinds.gradients + kinds.activations + kinds.scalars,
    })
    return {
      sent: total(this.transport?.sent ?? zeroByTraffic()),
      received: total(this.transport?.received ?? zeroByTraffic()),
    }
  }

  private memory() {
    if (this.gpu) return { live: { ...this.gpu.meter.live }, peak: { ...this.gpu.meter.peak } }
    const train = this.loaded.get('train')
    return train ? hostMemory(train.executor.plan) : { live: zeroByCategory(), peak: zeroPeak() }
  }

  private async captureGradients(): Promise<void> {
    if (this.capture === null) return
    const state = this.capture
    this.capture = null
    const read = () => this.pieces(this.program('train'), state, null)
    this.port.post({ kind: 'captured', pieces: await (this.gpu ? this.gpu.meter.preservingPeaks(read) : read()) })
  }

  private async pieces(
    { program, slots }: Loaded,
    state: StateKind,
    tensors: readonly string[] | null,
  ): Promise<TensorPiece[]> {
    const pieces: TensorPiece[] = []
    for (const { tensor, from, span } of holdingsOf(program, state)) {
      if (tensors !== null && !tensors.includes(tensor)) continue
      for (let at = 0; at < span.length; at += PIECE_ELEMENTS) {
        const length = Math.min(PIECE_ELEMENTS, span.length - at)
        const data = new Float32Array(length)
        const part = { buffer: span.buffer, offset: span.offset + at, length }
        if (slots.onHost(span.buffer)) await readSpans(null, slots, '', [part], data)
        else
          data.set(new Float32Array(await this.gpu!.queue.read(slots.buffer(span.buffer), part.offset * 4, length * 4)))
        pieces.push({ tensor, from: from + at, data })
      }
    }
    return pieces
  }

  private async infer({ id, tokens, row }: Extract<RankRequest, { kind: 'infer' }>): Promise<void> {
    const { executor, program, slots } = this.program('generate')
    this.inferTokens = tokens
    await executor.run('step', 0)
    this.inferTokens = null
    let logits: Float32Array | null = null
    const place = logitsOf(program, row)
    if (place) {
      const { buffer, offset, valid } = place
      const read = () => this.gpu!.queue.read(slots.buffer(buffer), offset * 4, valid * 4)
      logits = new Float32Array(valid > 0 ? await read() : new ArrayBuffer(0))
    }
    this.port.post({ kind: 'logits', id, logits })
  }

  private async evaluate({ id, index }: Extract<RankRequest, { kind: 'evaluate' }>): Promise<void> {
    const { executor } = this.program('evaluate')
    this.validationIndex = index
    this.stepReport = { loss: 0, normSquared: 0 }
    executor.takeSpans()
    this.gpu?.meter.resetPeak()
    const sentBefore = this.counters().sent.total
    const start = performance.now()
    await executor.run('step', 0)
    await this.gpu?.queue.idle()
    const seconds = (performance.now() - start) / 1000
    this.validationIndex = null
    const busy = executor.takeSpans().filter((span) => span.stream === 'compute')
    this.port.post({
      kind: 'evaluated',
      id,
      loss: this.stepReport.loss,
      seconds,
      peak: this.gpu ? { ...this.gpu.meter.peak } : hostMemory(executor.plan).peak,
      sentBytes: this.counters().sent.total - sentBefore,
      busySeconds: busy.reduce((sum, span) => sum + span.end - span.start, 0),
    })
  }

  private async close(): Promise<void> {
    clearInterval(this.reportTimer)
    let live = 0
    try {
      // Commands encoded for a failed run are never submitted: its buffers are about to be destroyed.
      this.gpu?.queue.discard()
      for (const { slots } of this.loaded.values()) slots.destroy()
      this.loaded.clear()
      if (!this.failed) await this.transport?.flush().catch(() => undefined)
      this.transport?.close()
    } finally {
      this.gpu?.dispose()
      live = this.gpu ? Object.values(this.gpu.meter.live).reduce((a, b) => a + b, 0) : 0
      this.gpu = null
      // Nobody may be left waiting for this rank.
      this.port.post({ kind: 'closed', liveBytes: live })
      this.port.close()
    }
  }
}
