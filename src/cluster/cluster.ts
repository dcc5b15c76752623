import { faultErrorOf, errorOf, onRank, invariant } from '../core/errors.ts'
import type { FaultError } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { Fault } from '../core/fault.ts'
import type { AdapterResult } from '../config/result.ts'
import type { AdapterChoice, RunConfig } from '../config/types.ts'
import type { SharedDataset } from '../data/dataset.ts'
import type { Program } from '../schedule/program.ts'
import type { TensorPiece, ProgramName, RankPort, RankReply, RankRequest, StateKind } from './protocol.ts'
import { releaseTransports } from './transport/setup.ts'
import type { TransportSetup } from './transport/setup.ts'

/** What a cluster needs of its host: ports to the ranks it starts and terminates. */
export interface ClusterHost {
  readonly name: string
  /** Starts `world` ranks. `onDeath` is called when a rank's worker ends unexpectedly. */
  spawn(world: number, onDeath: (rank: number, fault: Fault) => void): Promise<SpawnedRanks>
}

export interface SpawnedRanks {
  readonly ports: readonly RankPort<RankRequest, RankReply>[]
  readonly transports: readonly TransportSetup[]
  /** Terminates workers that did not close by themselves. */
  terminate(): void
}

type ReplyOf<Kind extends RankReply['kind']> = Extract<RankReply, { kind: Kind }>

/** How long ranks may take to close after a failure before their workers are terminated. */
const CLOSE_SECONDS = 5

/** A watched rank that is silent for this many seconds counts as hung. */
const HUNG_SECONDS = 10

/**
 * All ranks as one: a request goes to each of them and is answered by all. The first failure rejects everything
 * pending, is passed on to the other ranks, and persists.
 */
export class Cluster {
  readonly world: number
  onReply: (rank: number, reply: RankReply) => void = () => {}
  adapters: readonly (AdapterResult | null)[] = []
  private failure: Error | null = null
  private closing = false
  /** Ranks whose worker ended or no longer answers: nobody waits for them. */
  private readonly deadRanks = new Set<number>()
  /** Consecutive seconds of silence, by rank. */
  private readonly silentSeconds: number[]
  private silenceTimer: ReturnType<typeof setInterval> | undefined
  private waiters: {
    kind: RankReply['kind']
    replies: Map<number, RankReply>
    ranks: readonly number[]
    resolve: (r: Map<number, RankReply>) => void
    reject: (e: Error) => void
  }[] = []
  private nextId = 0

  private constructor(
    private readonly spawned: SpawnedRanks,
    readonly config: RunConfig,
  ) {
    this.world = spawned.ports.length
    this.silentSeconds = spawned.ports.map(() => 0)
    for (const [rank, port] of spawned.ports.entries()) port.listen((reply) => this.receive(rank, reply))
  }

  /** Starts ranks and opens their devices, with one shared choice of kernels per adapter. */
  static async open(
    config: RunConfig,
    world: number,
    host: ClusterHost,
    onReply: (rank: number, reply: RankReply) => void,
  ): Promise<Cluster> {
    let cluster: Cluster | null = null
    const early: (readonly [number, Fault])[] = []
    const spawned = await host.spawn(world, (rank, fault) => {
      if (cluster) cluster.handleDeath(rank, fault)
      else early.push([rank, fault])
    })
    cluster = new Cluster(spawned, config)
    cluster.onReply = onReply
    for (const [rank, fault] of early) cluster.handleDeath(rank, fault)
    try {
      await cluster.openRanks()
    } catch (error) {
      await cluster.close()
      throw error
    }
    return cluster
  }

  private adapterOf(rank: number): AdapterChoice | 'default' {
    const { adapters } = this.config.cluster
    return adapters === 'default' ? 'default' : (adapters[rank] ?? 'default')
  }

  private async openRanks(): Promise<void> {
    const chosen = new Map<string, Readonly<Record<string, string>>>()
    const adapters: (AdapterResult | null)[] = []
    const open = async (rank: number) => {
      const adapter = this.adapterOf(rank)
      const request: RankRequest = {
        kind: 'open',
        rank,
        world: this.world,
        config: this.config,
        adapter,
        variants: chosen.get(adapter) ?? {},
        transport: this.spawned.transports[rank]!,
      }
      const reply = (await this.ask([rank], 'opened', request)).get(rank) as ReplyOf<'opened'>
      adapters[rank] = reply.adapter
      if (!chosen.has(adapter)) chosen.set(adapter, reply.variants)
    }
    // The first rank of each adapter measures kernels; the others use its choice.
    const ranks = Array.from({ length: this.world }, (_, rank) => rank)
    const first = ranks.filter(
      (rank) => ranks.findIndex((other) => this.adapterOf(other) === this.adapterOf(rank)) === rank,
    )
    for (const rank of first) await open(rank)
    await Promise.all(ranks.filter((rank) => !first.includes(rank)).map(open))
    this.adapters = adapters
  }

  private receive(rank: number, reply: RankReply): void {
    this.silentSeconds[rank] = 0
    if (reply.kind === 'failed') {
      this.fail(errorOf(onRank(reply.fault, rank, null)))
      return
    }
    try {
      this.onReply(rank, reply)
    } catch (error) {
      this.fail(faultErrorOf(error))
    }
    for (const waiter of this.waiters) {
      if (waiter.kind !== reply.kind || !waiter.ranks.includes(rank) || waiter.replies.has(rank)) continue
      waiter.replies.set(rank, reply)
      if (waiter.replies.size === waiter.ranks.length) {
        this.waiters = this.waiters.filter((each) => each !== waiter)
        waiter.resolve(waiter.replies)
      }
      return
    }
  }

  /** A rank's worker ended unexpectedly. */
  private handleDeath(rank: number, fault: Fault): void {
    this.deadRanks.add(rank)
    this.fail(errorOf(onRank(fault, rank, null)))
    // It will not report that it has closed either.
    if (this.closing) this.receive(rank, { kind: 'closed', liveBytes: 0 })
  }

  /** From now on a silent rank counts as hung: the cluster fails, naming it. */
  watchForSilence(): void {
    if (this.closing) return
    this.silenceTimer ??= setInterval(() => {
      for (const rank of this.all) this.silentSeconds[rank]!++
      const hung = this.silentSeconds.findIndex((seconds) => seconds > HUNG_SECONDS)
      if (hung >= 0 && !this.deadRanks.has(hung))
        this.handleDeath(hung, sentence('rank-silent', { seconds: HUNG_SECONDS }))
    }, 1000)
  }

  /** The first failure wins: it stops the other ranks and rejects everything pending. */
  fail(error: FaultError): void {
    if (this.failure || this.closing) return
    this.failure = error
    for (const port of this.spawned.ports) port.post({ kind: 'abort', fault: error.fault })
    const waiting = this.waiters
    this.waiters = []
    for (const waiter of waiting) waiter.reject(error)
  }

  private wait(ranks: readonly number[], kind: RankReply['kind']): Promise<Map<number, RankReply>> {
    if (this.failure) return Promise.reject(this.failure)
    return new Promise((resolve, reject) => this.waiters.push({ kind, replies: new Map(), ranks, resolve, reject }))
  }

  private ask(
    ranks: readonly number[],
    answer: RankReply['kind'],
    request: RankRequest,
  ): Promise<Map<number, RankReply>> {
    const waiting = this.wait(ranks, answer)
    for (const rank of ranks) this.spawned.ports[rank]!.post(request)
    return waiting
  }

  private get all(): number[] {
    return this.spawned.ports.map((_, rank) => rank)
  }

  async load(name: ProgramName, program: Program, dataset: SharedDataset | null): Promise<void> {
    const waiting = this.wait(this.all, 'loaded')
    for (const rank of program.ranks)
      this.spawned.ports[rank.rank]!.post({ kind: 'load', name, program: rank, dataset })
    await waiting
  }

  unload(name: 'evaluate' | 'generate'): void {
    for (const port of this.spawned.ports) port.post({ kind: 'unload', name })
  }

  put(rank: number, state: StateKind, piece: TensorPiece): void {
    this.spawned.ports[rank]!.post({ kind: 'put', state, ...piece })
  }

  async initialise(draw: boolean): Promise<void> {
    await this.ask(this.all, 'initialised', { kind: 'initialise', draw })
  }

  /** One training step on all ranks; returns the replies by rank. */
  async step(step: number, captureGradients: boolean): Promise<ReplyOf<'step'>[]> {
    const replies = this.wait(this.all, 'step')
    const finished = this.ask(this.all, 'trained', { kind: 'train', step, count: 1, captureGradients })
    const [answers] = await Promise.all([replies, finished])
    return [...answers.entries()].sort(([a], [b]) => a - b).map(([, reply]) => reply as ReplyOf<'step'>)
  }

  /** Lets a paused rank run its next op or tick. */
  advance(rank: number, by: 'op' | 'tick'): void {
    this.spawned.ports[rank]!.post({ kind: 'advance', by })
  }

  post(request: Extract<RankRequest, { kind: 'pause' | 'resume' | 'trace' }>): void {
    for (const port of this.spawned.ports) port.post(request)
  }

  async gather(
    ranks: readonly number[],
    state: StateKind,
    tensors: readonly string[] | null,
  ): Promise<Map<number, readonly TensorPiece[]>> {
    const replies = await this.ask(ranks, 'pieces', { kind: 'gather', id: ++this.nextId, state, tensors })
    return new Map([...replies].map(([rank, reply]) => [rank, (reply as ReplyOf<'pieces'>).pieces]))
  }

  /** Logits of `row`: each rank of the head's tensor group returns its part of the vocabulary, in rank order. */
  async infer(tokens: Uint32Array, row: number): Promise<Float32Array> {
    const replies = await this.ask(this.all, 'logits', { kind: 'infer', id: ++this.nextId, tokens, row })
    const parts = [...replies.entries()]
      .sort(([a], [b]) => a - b)
      .flatMap(([, reply]) => (reply as ReplyOf<'logits'>).logits ?? [])
    const { vocab } = this.config.model
    const logits = new Float32Array(vocab)
    let at = 0
    for (const part of parts) {
      // Replicas that ran along return the same again.
      if (at === vocab) break
      logits.set(part, at)
      at += part.length
    }
    invariant(at === vocab, `the ranks gave ${at} of ${vocab} logits`)
    return logits
  }

  /** Every rank's part of a pass over held-out batch `index`. */
  async evaluate(index: number): Promise<ReplyOf<'evaluated'>[]> {
    const replies = await this.ask(this.all, 'evaluated', { kind: 'evaluate', id: ++this.nextId, index })
    return [...replies.entries()].sort(([a], [b]) => a - b).map(([, reply]) => reply as ReplyOf<'evaluated'>)
  }

  /** Releases every worker and buffer; resolves with the device bytes still alive (0 unless something leaks). */
  async close(): Promise<number> {
    if (this.closing) return 0
    this.closing = true
    clearInterval(this.silenceTimer)
    const ranks = this.all.filter((rank) => !this.deadRanks.has(rank))
    const waiter = new Promise<Map<number, RankReply>>((resolve, reject) => {
      if (ranks.length === 0) resolve(new Map())
      else this.waiters.push({ kind: 'closed', replies: new Map(), ranks, resolve, reject })
    })
    for (const port of this.spawned.ports) port.post({ kind: 'close' })
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), CLOSE_SECONDS * 1000)))
    const replies = await Promise.race([waiter, late])
    clearTimeout(timer)
    this.spawned.terminate()
    for (const port of this.spawned.ports) port.close()
    releaseTransports(this.spawned.transports)
    return replies ? [...replies.values()].reduce((sum, reply) => sum + (reply as ReplyOf<'closed'>).liveBytes, 0) : 0
  }
}
