import { MOMENTS, checkpointParts } from '../checkpoint/store.ts'
import type { Checkpoint, MomentKind } from '../checkpoint/store.ts'
import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import { parameterTable } from '../model/parameters.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import type { Program } from '../schedule/program.ts'
import { assemble, holdingsOf, partFor, sourcesOf } from './assemble.ts'
import type { Cluster } from './cluster.ts'
import type { TensorPiece, StateKind } from './protocol.ts'
import { tokenizerMetadata } from './given-weights.ts'
import { hashData } from './resume.ts'

/**
 * A model's state as whole tensors: distributed to the ranks that hold its parts, and assembled from them between two
 * steps.
 */
export class ModelState {
  readonly specs: readonly ParameterSpec[]

  constructor(
    private readonly config: RunConfig,
    private readonly program: Program,
    private readonly cluster: Cluster,
  ) {
    this.specs = parameterTable(config.model)
  }

  /** Sends every rank its parts of `whole`, by Hugging Face name. Throws RefusedError when one is missing. */
  place(state: 'parameters' | MomentKind, whole: ReadonlyMap<string, Float32Array>): void {
    const { tensor } = this.config.parallel
    const specs = new Map(this.specs.map((spec) => [spec.name, spec]))
    for (const rank of this.program.ranks)
      for (const holding of state !== 'parameters' || rank.state.drawn ? rank.state[state] : []) {
        const spec = specs.get(holding.tensor)!
        const values = whole.get(holding.tensor)
        if (!values) throw refused('init', 'weights-lack-tensor', { tensor: holding.tensor })
        this.cluster.put(rank.rank, state, partFor(spec, tensor, rank.coordinates.tensor, holding, values))
      }
  }

  /** The optimizer's state and compression residues, from a checkpoint. */
  restore({ moments, residues }: Checkpoint): void {
    for (const kind of MOMENTS) if (moments[kind].size > 0) this.place(kind, moments[kind])
    for (const rank of this.program.ranks)
      for (const { tensor } of holdingsOf(rank, 'residue')) {
        const data = residues.get(`${rank.rank}.${tensor}`)
        if (data) this.cluster.put(rank.rank, 'residue', { tensor, from: 0, data })
      }
  }

  /** Whole tensors of a kind of state. */
  async collect(state: StateKind): Promise<Map<string, Float32Array>> {
    const pieces: { rank: number; piece: TensorPiece }[] = []
    for (const [rank, names] of sourcesOf(this.program, state)) {
      const found = await this.cluster.gather([rank], state, names)
      for (const piece of found.get(rank)!) pieces.push({ rank, piece })
    }
    return this.assembled(pieces)
  }

  /** Assembles whole tensors from pieces sent by the ranks. */
  assembled(pieces: readonly { readonly rank: number; readonly piece: TensorPiece }[]): Map<string, Float32Array> {
    const { tensor } = this.config.parallel
    const placed = pieces.map(({ rank, piece }) => ({
      tensorIndex: this.program.ranks[rank]!.coordinates.tensor,
      piece,
    }))
    return assemble(this.specs, tensor, placed)
  }

  /**
   * Everything another run needs to resume after `step` steps, as a safetensors file. Throws RefusedError for an
   * asynchronous server: it is never between two steps.
   */
  async checkpoint(step: number, dataset: Dataset): Promise<Blob> {
    const { config } = this
    const { async, maxStaleness } = config.parallel.server
    if (config.parallel.dataMode === 'parameter-server' && async && maxStaleness > 0)
      throw refused('checkpoint', 'server-has-no-checkpoint')
    const checkpoint: Checkpoint = {
      config,
      step,
      samples: step * config.batch.global,
      data: await hashData(dataset),
      weights: await this.collect('parameters'),
      moments: { moment1: await this.held('moment1'), moment2: await this.held('moment2') },
      residues: await this.residues(),
    }
    return new Blob(await checkpointParts(checkpoint, tokenizerMetadata(config, dataset.tokenizer)))
  }

  /** Empty where the optimizer keeps no such moment. */
  private async held(kind: MomentKind): Promise<Map<string, Float32Array>> {
    const has = this.program.ranks.some((rank) => holdingsOf(rank, kind).length > 0)
    return has ? await this.collect(kind) : new Map<string, Float32Array>()
  }

  private async residues(): Promise<Map<string, Float32Array>> {
    const residues = new Map<string, Float32Array>()
    for (const rank of this.program.ranks)
      for (const { tensor, span } of holdingsOf(rank, 'residue')) {
        const found = await this.cluster.gather([rank.rank], 'residue', [tensor])
        const data = new Float32Array(span.length)
        for (const piece of found.get(rank.rank)!) data.set(piece.data, piece.from)
        residues.set(`${rank.rank}.${tensor}`, data)
      }
    return residues
  }
}
