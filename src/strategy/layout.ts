import type { RunConfig } from '../config/types.ts'
import { MESH_AXES, type MeshAxis } from '../core/mesh.ts'
import type { OpDims } from '../core/segments.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import { parameterTable } from '../model/parameters.ts'
import { scheduleOf, shapeOf } from '../schedule/registry.ts'
import type { Stage } from './stages.ts'
import { stagesOf } from './stages.ts'

/** A parameter as one rank holds it, after tensor sharding. */
export interface LocalParameter {
  readonly name: string
  readonly elements: number
  readonly decay: boolean
  /** −1 embedding, 0…L−1 blocks, L final norm and head. */
  readonly block: number
  /** Replicated on every tensor rank. */
  readonly replicated: boolean
  /** The token embedding of a tied model: first and last stage hold it. */
  readonly tiedToHead: boolean
  /** Axes of the mesh along which ranks each compute a part of its gradient. */
  readonly summedOver: readonly MeshAxis[]
}

/** Derived sizes that every pass needs, computed once from a configuration. */
export interface Layout {
  readonly config: RunConfig
  readonly stages: readonly Stage[]
  readonly tensor: number
  /** Total vocabulary rows, padded so that `tensor` divides them. */
  readonly paddedVocab: number
  readonly parametersOfStage: readonly (readonly LocalParameter[])[]
}

/** The vocabulary padded to a multiple of the tensor-parallel degree. */
function paddedVocab(vocab: number, tensor: number): number {
  return Math.ceil(vocab / tensor) * tensor
}

function localElements(spec: ParameterSpec, config: RunConfig): number {
  const { tensor } = config.parallel
  const elements = spec.shape.reduce((a, b) => a * b, 1)
  if (tensor === 1 || spec.tensorAxis === null) return elements
  if (spec.tensorAxis.kind === 'vocab')
    return (paddedVocab(config.model.vocab, tensor) / tensor) * (elements / config.model.vocab)
  return elements / tensor
}

/** Axes along which ranks hold the same part of a parameter, each with its own share of the gradient. */
function summedOver(
  { tensorAxis, fromAllRows, tiedToHead }: ParameterSpec,
  config: RunConfig,
  tiedApart: boolean,
): MeshAxis[] {
  const { data, tensor, sequenceParallel } = config.parallel
  const shares: Readonly<Record<MeshAxis, boolean>> = {
    data: data > 1,
    // Each tensor rank sees only its rows of the residual stream (Korthikanti et al. 2022).
    tensor: tensor > 1 && sequenceParallel && tensorAxis === null && !fromAllRows,
    // First and last stage hold a tied embedding: rows looked up, and the head's product.
    pipeline: tiedToHead && tiedApart,
  }
  return MESH_AXES.filter((axis) => shares[axis])
}

/** The stage's part of the parameter table; a tied embedding is on the first and on the last stage. */
function parametersOf(
  stage: Stage,
  table: readonly ParameterSpec[],
  config: RunConfig,
  tiedApart: boolean,
): LocalParameter[] {
  const { layers } = config.model
  return table
    .filter(({ block, tiedToHead }) => {
      if (block >= 0 && block < layers) return block >= stage.first && block < stage.end
      if (block < 0) return stage.embedding || (stage.head && tiedToHead)
      return stage.head
    })
    .map((spec) => ({
      name: spec.name,
      elements: localElements(spec, config),
      decay: spec.decay,
      block: spec.block,
      replicated: config.parallel.tensor > 1 && spec.tensorAxis === null,
      tiedToHead: spec.tiedToHead,
      summedOver: summedOver(spec, config, tiedApart),
    }))
}

export function layoutOf(config: RunConfig): Layout {
  const stages = stagesOf(config)
  const table = parameterTable(config.model)
  const owners = scheduleOf(config.parallel.schedule).stageToRank(shapeOf(config))
  // First and last stage hold a tied embedding, on two ranks or on one.
  const tiedApart = config.model.tied && owners[0] !== owners.at(-1)
  return {
    config,
    stages,
    tensor: config.parallel.tensor,
    paddedVocab: paddedVocab(config.model.vocab, config.parallel.tensor),
    parametersOfStage: stages.map((stage) => parametersOf(stage, table, config, tiedApart)),
  }
}

/** Distinct parameters of some stages. */
export function parametersOn(layout: Layout, stages: readonly Stage[]): LocalParameter[] {
  const seen = new Set<string>()
  return stages
    .flatMap((stage) => layout.parametersOfStage[stage.index]!)
    .filter(({ name }) => !seen.has(name) && seen.add(name))
}

/** Sizes for `samples` samples on tensor rank `tensorIndex`. */
export function dimsOf(layout: Layout, samples: number, tensorIndex: number): OpDims {
  const { model, batch } = layout.config
  const V = layout.paddedVocab / layout.tensor
  const vocabStart = V * tensorIndex
  return {
    B: samples,
    T: batch.sequence,
    C: model.embed,
    NH: model.heads / layout.tensor,
    KV: model.kvHeads / layout.tensor,
    HS: model.headSize,
    F: model.ffn / layout.tensor,
    V,
    valid: Math.max(0, Math.min(V, model.vocab - vocabStart)),
    vocabStart,
    rows: samples * batch.sequence,
    rowStart: 0,
    tensor: layout.tensor,
    epsilon: model.normEpsilon,
    theta: model.ropeTheta,
  }
}
