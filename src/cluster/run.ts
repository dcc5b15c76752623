import type { EpochResult, RunResult, StepResult } from '../config/result.ts'
import type { RunConfig } from '../config/types.ts'
import { FaultError, faultOf } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Program } from '../schedule/program.ts'
import { validateProgram } from '../schedule/validate.ts'
import { serializeSafetensors } from '../checkpoint/safetensors.ts'
import type { Checkpoint } from '../checkpoint/store.ts'
import { checkBudget, predictBytes } from '../sim/ledger.ts'
import type { PredictedBytes } from '../sim/ledger.ts'
import { buildForwardProgram } from '../strategy/forward-program.ts'
import { buildProgram } from '../strategy/build.ts'
import { hashTensors } from './assemble.ts'
import type { ClusterHost } from './cluster.ts'
import { Cluster } from './cluster.ts'
import { textOnlyConfig, generateText } from './generate.ts'
import { Jobs } from './jobs.ts'
import { runWeightsMetadata } from './given-weights.ts'
import { learningRateAt } from './learning-rate.ts'
import { inferenceReport, measuredResult } from './measured-result.ts'
import { ModelState } from './model-state.ts'
import type { TensorPiece, RankReply, StateKind } from './protocol.ts'
import { checkResume } from './resume.ts'
import type { GenerateRequest, InferenceReport, RunEvent, RunHandle, RunPhase } from './run-events.ts'

export interface RunOptions {
  readonly config: RunConfig
  readonly dataset: Dataset
  readonly host: ClusterHost
  /** Whole tensors by Hugging Face name, instead of random weights. */
  readonly init?: ReadonlyMap<string, Float32Array>
  /**
   * Resumes from it instead of random weights: exactly when the configuration is the same, else from the same weights.
   */
  readonly resume?: Checkpoint
  /** Keeps the first step's unclipped gradient. */
  readonly captureGradients?: boolean
  /** Steps between evaluations of the validation loss; 0: never. */
  readonly evaluateEvery?: number
  /** Paused before the first step until `resume` or `advance`. */
  readonly startPaused?: boolean
  /** Slow motion: pipeline ticks per second; null, the default: full speed. */
  readonly ticksPerSecond?: number | null
  /** Submits op by op and records host times. */
  readonly trace?: boolean
  readonly onEvent?: (event: RunEvent) => void
  /** Replaces the configuration's Program (fault tests). */
  readonly program?: Program
}

const ENDED: readonly RunPhase[] = ['stopped', 'failed', 'done']

/** Starts a cluster and trains; refuses invalid input before anything is started. */
export async function startRun(options: RunOptions): Promise<Run> {
  const program = options.program ?? buildProgram(options.config)
  validateProgram(program)
  if (options.resume) await checkResume(options.resume, options)
  const predicted = predictBytes(program)
  checkBudget(program, predicted, options.config.cluster.memoryBytes)
  const run = new Run(options, program, predicted)
  await run.open()
  return run
}

export class Run implements RunHandle {
  readonly finished: Promise<RunResult>
  private cluster: Cluster | null = null
  private state: ModelState | null = null
  private readonly listeners = new Set<(event: RunEvent) => void>()
  private readonly steps: StepResult[] = []
  private readonly epochs: EpochResult[] = []
  private readonly last = new Map<number, Extract<RankReply, { kind: 'step' }>>()
  private readonly jobs = new Jobs()
  private phase: RunPhase = 'starting'
  private held = false
  /** Advancing by op or tick: ranks wait at their gates even if the next step has begun. */
  private gated = false
  private budget = Infinity
  /** Ranks are executing a training step. */
  private inStep = false
  /** Ranks that wait at their gate and have not been advanced since. */
  private readonly ranksAtGate = new Set<number>()
  private ticksPerSecond: number | null
  private pacer: ReturnType<typeof setInterval> | undefined
  /** The current step was paused: its time is no measure of speed. */
  private interrupted = false
  private stopping = false
  /** No further requests go to the ranks. */
  private ended = false
  /** Steps completed, including those of the checkpoint it resumed from. */
  private done: number
  private wakeLoop: () => void = () => {}
  private onPaused: (() => void)[] = []
  private settle!: { resolve: (result: RunResult) => void; reject: (error: unknown) => void }
  private captured: { rank: number; piece: TensorPiece }[] = []
  gradients: Map<string, Float32Array> | null = null
  /** Device bytes still alive after the ranks closed: 0 unless something leaks. */
  leakedBytes = 0

  constructor(
    private readonly options: RunOptions,
    readonly program: Program,
    private readonly predicted: readonly PredictedBytes[],
  ) {
    if (options.onEvent) this.listeners.add(options.onEvent)
    this.held = options.startPaused ?? false
    this.ticksPerSecond = options.ticksPerSecond ?? null
    this.done = options.resume?.step ?? 0
    this.finished = new Promise((resolve, reject) => (this.settle = { resolve, reject }))
    // A failure is also an event; nobody has to await `finished`.
    this.finished.catch(() => undefined)
  }

  async open(): Promise<void> {
    const { dataset, host, init, resume, trace } = this.options
    // Ranks do not know epochs; the learning rate schedule counts steps.
    const config = { ...this.options.config, steps: this.totalSteps }
    try {
      this.cluster = await Cluster.open(config, this.program.world, host, (rank, reply) => this.onReply(rank, reply))
      this.state = new ModelState(this.options.config, this.program, this.cluster)
      for (const [rank, adapter] of this.cluster.adapters.entries())
        if (adapter) this.emit({ kind: 'adapter', rank, adapter })
      await this.cluster.load('train', this.program, dataset.share())
      if (trace) this.cluster.post({ kind: 'trace', on: true })
      const weights = resume?.weights ?? init
      if (weights) this.state.place('parameters', weights)
      await this.cluster.initialise(!weights)
      if (resume) this.state.restore(resume)
    } catch (error) {
      await this.fail(error)
      throw error
    }
    void this.loop()
  }

  subscribe(listener: (event: RunEvent) => void): () => void {
    this.listeners.add(listener)
    listener({ kind: 'phase', phase: this.phase })
    return () => this.listeners.delete(listener)
  }

  private emit(event: RunEvent): void {
    let broken: { readonly error: unknown } | null = null
    for (const listener of this.listeners)
      try {
        listener(event)
      } catch (error) {
        // The listener is removed and the others are still called; its exception fails the run.
        this.listeners.delete(listener)
        broken ??= { error }
      }
    if (broken && !this.ended) throw broken.error
  }

  private setPhase(phase: RunPhase): void {
    if (phase === this.phase || ENDED.includes(this.phase)) return
    this.phase = phase
    this.emit({ kind: 'phase', phase })
  }

  private onReply(rank: number, reply: RankReply): void {
    if (reply.kind === 'progress') this.emit(reply)
    else if (reply.kind === 'spans' && reply.spans.length > 0) this.emit(reply)
    else if (reply.kind === 'current') {
      this.emit({ kind: 'current', rank, op: reply.op, exchanges: reply.exchanges })
      if (reply.held.length > 0) this.emit({ kind: 'held', rank, bytes: reply.held })
      this.emit({ kind: 'memory', rank, live: reply.live, peak: reply.peak })
    } else if (reply.kind === 'captured') for (const piece of reply.pieces) this.captured.push({ rank, piece })
    else if (reply.kind === 'step') {
      this.last.set(rank, reply)
      this.emit({ kind: 'memory', rank, ...reply.memory })
      this.emit({
        kind: 'traffic',
        rank,
        sentBytes: reply.sentBytes,
        receivedBytes: reply.receivedBytes,
        traffic: reply.traffic,
      })
    } else if (reply.kind === 'paused') {
      this.ranksAtGate.add(rank)
      this.emit({ kind: 'current', rank, op: reply.op })
    }
  }

  private get totalSteps(): number {
    const { steps, epochs } = this.options.config
    return steps ?? epochs! * this.options.dataset.stepsPerEpoch
  }

  private async loop(): Promise<void> {
    try {
      let epochStart = performance.now()
      if (!this.held) this.openGates()
      for (let step = this.done; step < this.totalSteps && !this.stopping; step++) {
        await this.betweenSteps()
        if (this.stopping) break
        this.setPhase(this.gated ? 'paused' : 'running')
        await this.train(step)
        const perEpoch = this.options.dataset.stepsPerEpoch
        // The time of an epoch that another run began is unknown.
        if (this.options.config.epochs !== null && (step + 1) % perEpoch === 0 && this.steps.length >= perEpoch) {
          epochStart = this.endEpoch(step, epochStart, perEpoch)
        }
      }
      await this.jobs.run()
      await this.finish()
    } catch (error) {
      await this.fail(error)
    }
  }

  private endEpoch(step: number, start: number, perEpoch: number): number {
    const seconds = (performance.now() - start) / 1000
    const tokens = this.steps.slice(-perEpoch).reduce((sum, each) => sum + each.tokens, 0)
    const result = { epoch: Math.floor(step / perEpoch), seconds, tokensPerSecond: tokens / seconds }
    this.epochs.push(result)
    this.emit({ kind: 'epoch', result })
    return performance.now()
  }

  /** Between two steps: runs queued jobs, and waits while paused. */
  private async betweenSteps(): Promise<void> {
    for (;;) {
      await this.jobs.run()
      if (this.stopping || !this.held || this.budget < Infinity) break
      if (this.jobs.any) continue
      this.setPhase('paused')
      for (const resolve of this.onPaused.splice(0)) resolve()
      await new Promise<void>((resolve) => (this.wakeLoop = resolve))
    }
    if (this.budget < Infinity) this.budget = Infinity
  }

  private async train(step: number): Promise<void> {
    const { config, dataset, captureGradients = false, evaluateEvery = 0 } = this.options
    const start = performance.now()
    const first = this.steps.length === 0
    this.inStep = true
    this.interrupted = this.gated || this.ticksPerSecond !== null
    const replies = await this.cluster!.step(step, captureGradients && first)
    this.inStep = false
    const milliseconds = performance.now() - start
    if (captureGradients && first) this.gradients = this.state!.assembled(this.captured.splice(0))
    const loss = replies.reduce((sum, each) => sum + each.loss, 0)
    const gradNorm = Math.sqrt(replies.reduce((sum, each) => sum + each.normSquared, 0))
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
      // A smaller learning rate only helps where an update has been applied.
      const updated = this.steps.some(({ learningRate }) => learningRate > 0)
      const said = updated
        ? sentence('loss-not-finite', { loss, gradNorm, learningRate: config.optimizer.learningRate })
        : sentence('loss-not-finite-at-start', { loss, gradNorm })
      throw new FaultError({ ...said, step })
    }
    const tokens = config.batch.global * config.batch.sequence
    const result: StepResult = {
      step,
      loss,
      gradNorm,
      learningRate: learningRateAt(config.optimizer, step, this.totalSteps),
      tokens,
      milliseconds,
      ...(this.interrupted ? { interrupted: true as const } : {}),
      ...(replies[0]?.staleness ? { staleness: replies[0].staleness } : {}),
      ...(evaluateEvery > 0 && (step + 1) % evaluateEvery === 0 && dataset.validationBatches > 0
        ? { validationLoss: (await this.validation()).loss }
        : {}),
    }
    this.steps.push(result)
    this.done = step + 1
    this.emit({ kind: 'step', result, tokensPerSecond: this.interrupted ? null : (tokens * 1000) / milliseconds })
  }

  /** Loads a forward-only Program while `work` runs: its buffers are not part of training. */
  private async withForwardProgram<Value>(
    name: 'evaluate' | 'generate',
    work: (program: Program) => Promise<Value>,
  ): Promise<Value> {
    const program = buildForwardProgram(this.options.config, this.program, name)
    validateProgram(program)
    await this.cluster!.load(name, program, null)
    try {
      return await work(program)
    } finally {
      this.cluster!.unload(name)
    }
  }

  private validation(): Promise<InferenceReport> {
    return this.withForwardProgram('evaluate', async (program) =>
      inferenceReport(this.options.config, predictBytes(program), await this.cluster!.evaluate(0)),
    )
  }

  /** Queues `work` between two steps: run at once when paused there; a step paused midway is finished first. */
  private schedule<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.jobs.add(work)
    if (this.phase === 'paused' && this.inStep) void this.advance('step')
    else this.wakeLoop()
    return done
  }

  pause(at: 'op' | 'step'): Promise<void> {
    if (this.ended || (this.phase !== 'running' && this.phase !== 'starting')) return Promise.resolve()
    this.held = true
    this.setPhase('pausing')
    if (at === 'step') return new Promise((resolve) => this.onPaused.push(resolve))
    this.closeGates()
    this.gated = true
    return settled().then(() => this.setPhase('paused'))
  }

  resume(): void {
    if (this.ended || this.stopping) return
    this.held = false
    this.openGates()
    this.setPhase('running')
    this.wakeLoop()
  }

  pace(ticksPerSecond: number | null): void {
    this.ticksPerSecond = ticksPerSecond
    if (this.phase === 'running' && !this.ended) this.openGates()
  }

  /** Stops ranks at their gates. */
  private closeGates(): void {
    clearInterval(this.pacer)
    this.interrupted = true
    this.cluster?.post({ kind: 'pause', at: 'op' })
  }

  /** Opens the gates, or in slow motion periodically advances every waiting rank by a tick. */
  private openGates(): void {
    this.gated = false
    if (this.ticksPerSecond === null) {
      clearInterval(this.pacer)
      this.cluster?.post({ kind: 'resume' })
      return
    }
    this.closeGates()
    this.pacer = setInterval(() => this.tick(this.ranksAtGate), 1000 / this.ticksPerSecond)
  }

  private tick(ranks: Iterable<number>): void {
    for (const rank of ranks) {
      this.ranksAtGate.delete(rank)
      this.cluster?.advance(rank, 'tick')
    }
  }

  advance(by: 'step' | 'tick' | 'op'): Promise<void> {
    // Nothing is left to advance.
    if (this.ended || this.stopping) return Promise.resolve()
    clearInterval(this.pacer)
    this.held = true
    this.interrupted = true
    if (by === 'step') {
      // Paused between two ops, the step to run is the current one.
      this.budget = this.inStep ? Infinity : 1
      this.gated = false
      const stopped = new Promise<void>((resolve) => this.onPaused.push(resolve))
      this.cluster!.post({ kind: 'resume' })
      this.wakeLoop()
      return stopped
    }
    this.budget = 1
    this.gated = true
    const ranks = this.program.ranks.map(({ rank }) => rank)
    if (by === 'tick') this.tick(ranks)
    else for (const rank of ranks) this.cluster!.advance(rank, 'op')
    this.wakeLoop()
    return settled().then(() => this.setPhase('paused'))
  }

  async generate(request: GenerateRequest, onText: (text: string) => void = () => {}): Promise<string> {
    if (this.finalWeights) return this.generateAfterwards(this.finalWeights, request, onText)
    return this.schedule(async () => {
      const infer = (tokens: Uint32Array, row: number) => this.cluster!.infer(tokens, row)
      const { tokenizer } = this.options.dataset
      const window = this.options.config.batch.sequence
      return this.withForwardProgram('generate', () => generateText(infer, tokenizer, window, request, onText))
    })
  }

  /** The ranks are gone: their final weights are loaded onto one device. */
  private async generateAfterwards(
    init: ReadonlyMap<string, Float32Array>,
    request: GenerateRequest,
    onText: (text: string) => void,
  ): Promise<string> {
    const { dataset, host } = this.options
    const config = textOnlyConfig(this.options.config)
    const run = await startRun({ config, dataset, host, init, startPaused: true })
    try {
      return await run.generate(request, onText)
    } finally {
      await run.stop()
    }
  }

  evaluate(): Promise<InferenceReport> {
    return this.schedule(() => this.validation())
  }

  /** Whole tensors of a kind of state, assembled from all ranks. */
  tensors(state: StateKind): Promise<Map<string, Float32Array>> {
    return this.schedule(() => this.state!.collect(state))
  }

  weights(): Promise<Uint8Array> {
    if (this.finalWeights) return Promise.resolve(this.weightsFile(this.finalWeights))
    return this.schedule(async () => this.weightsFile(await this.state!.collect('parameters')))
  }

  async soFar(): Promise<RunResult> {
    return this.result()
  }

  /** Everything needed to resume, taken between two steps. Refused for an asynchronous server. */
  checkpoint(): Promise<Blob> {
    return this.schedule(() => this.state!.checkpoint(this.done, this.options.dataset))
  }

  private weightsFile(whole: ReadonlyMap<string, Float32Array>): Uint8Array {
    const { config, dataset } = this.options
    const tensors = this.state!.specs.map(({ name, shape }) => ({ name, shape, data: whole.get(name)! }))
    return serializeSafetensors(tensors, runWeightsMetadata(config, dataset.tokenizer))
  }

  async stop(): Promise<RunResult> {
    if (this.ended) return this.finished
    this.stopping = true
    clearInterval(this.pacer)
    if (this.phase === 'running' || this.phase === 'paused' || this.phase === 'pausing') this.setPhase('stopping')
    this.cluster?.post({ kind: 'resume' })
    // The current step is finished first; a hung rank would never finish.
    this.cluster?.watchForSilence()
    this.wakeLoop()
    return this.finished
  }

  private async finish(): Promise<void> {
    const parameters = await this.state!.collect('parameters')
    const result = { ...this.result(), parametersHash: await hashTensors(this.state!.specs, parameters) }
    this.finalCheckpoint = this.keepCheckpoint ? await this.state!.checkpoint(this.done, this.options.dataset) : null
    this.finalWeights = this.keepWeights ? parameters : null
    // Queued jobs can still be answered here, but not afterwards.
    await this.jobs.run()
    this.end(new FaultError(sentence('run-over')))
    this.leakedBytes = await this.cluster!.close()
    for (const resolve of this.onPaused.splice(0)) resolve()
    this.setPhase(this.stopping ? 'stopped' : 'done')
    this.emit({ kind: 'done', result })
    this.settle.resolve(result)
  }

  /** Set before the end to keep the final weights, or a checkpoint, after the ranks have closed. */
  keepWeights = false
  keepCheckpoint = false
  finalCheckpoint: Blob | null = null
  finalWeights: Map<string, Float32Array> | null = null

  /** Rejects pending and future requests: the run is over. */
  private end(reason: unknown): void {
    this.ended = true
    clearInterval(this.pacer)
    this.jobs.close(reason)
  }

  private async fail(error: unknown): Promise<void> {
    this.end(error)
    // The first failure is reported, whatever else fails while ranks are released.
    await this.cluster?.close().catch(() => undefined)
    for (const resolve of this.onPaused.splice(0)) resolve()
    this.phase = 'failed'
    this.emit({ kind: 'phase', phase: 'failed' })
    const result = this.steps.length > 0 ? this.result() : null
    this.emit({ kind: 'failed', fault: faultOf(error), result })
    this.settle.reject(error)
  }

  private result(): RunResult {
    return measuredResult(this.options.config, this.program, this.predicted, {
      adapter: this.cluster?.adapters.find((each) => each !== null) ?? null,
      steps: this.steps,
      epochs: this.epochs,
      last: this.last,
    })
  }
}

/** Ranks that wait for each other cannot all reach their next op while paused: a short delay is enough to see it. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60))
}
