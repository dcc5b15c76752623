import { meshSize } from '../core/mesh.ts'
import { RefusedError } from '../core/errors.ts'
import type { RefusedCode } from '../core/errors.ts'
import { joined, sentence } from '../core/fault.ts'
import type { Fault, FaultValues } from '../core/fault.ts'
import { parameterTable } from '../model/parameters.ts'
import { simulatedOnly, withoutEffect } from './effects.ts'
import { ROPE_THETA } from '../model/shape.ts'
import type { RunConfig } from './types.ts'

/** Executing reads data; simulating ignores it. */
export type ConfigUse = 'execute' | 'simulate'

/** Far more ranks than any Program is meant for. */
const MAX_RANKS = 65_536
/** Most actions of a pipeline schedule: clocked in a few seconds. */
const MAX_ACTIONS = 2_000_000

/** Minimum ids of a tokenizer; bpe and char depend on the corpus and are checked with it. */
const TOKENIZER_VOCAB: Readonly<Record<string, number>> = { byte: 256, gpt2: 50257 }

/** Vocabulary the data needs, as far as the configuration alone tells. */
function dataVocab({ data }: RunConfig): number {
  return data.tokens === null ? (TOKENIZER_VOCAB[data.tokenizer] ?? 1) : 1
}

/** Samples per replica: by shares (largest remainder), else evenly, larger first. */
export function replicaSizes({ batch, parallel }: RunConfig): number[] {
  const D = parallel.data
  const shares = batch.shares ?? Array.from({ length: D }, () => 1)
  const total = shares.reduce((a, b) => a + b, 0)
  const exact = shares.map((share) => (batch.global * share) / total)
  const sizes = exact.map(Math.floor)
  const left = batch.global - sizes.reduce((a, b) => a + b, 0)
  const order = exact.map((_, i) => i).sort((a, b) => exact[b]! - sizes[b]! - (exact[a]! - sizes[a]!) || a - b)
  for (const i of order.slice(0, left)) sizes[i]!++
  return sizes
}

/** Every violated rule between fields, in the order in which to fix them. */
export function problemsOf(config: RunConfig, use: ConfigUse = 'execute'): Fault[] {
  const found: Fault[] = []
  const refuse: OnProblem = (field, code, ...values) => void found.push({ ...sentence(code, ...values), field })
  const { model, batch, parallel: p, cluster, data } = config
  const world = meshSize(p)
  if (config.epochs !== null && config.steps !== null) refuse('epochs', 'epochs-and-steps', { epochs: config.epochs })
  if (!Number.isInteger(model.headSize))
    refuse('model.heads', 'heads-do-not-divide-embed', { heads: model.heads, embed: model.embed })
  if (model.heads % model.kvHeads !== 0)
    refuse('model.kvHeads', 'does-not-divide-heads', { value: model.kvHeads, heads: model.heads })
  if (model.family === 'gpt2' && model.kvHeads !== model.heads)
    refuse('model.kvHeads', 'kv-heads-in-gpt2', { kvHeads: model.kvHeads, heads: model.heads })
  if (model.family === 'gpt2' && model.ropeTheta !== ROPE_THETA)
    refuse('model.ropeTheta', 'no-effect-here', {
      value: model.ropeTheta,
      needs: 'model.family llama',
      usual: ROPE_THETA,
    })
  if (model.family === 'llama' && model.headSize % 2 === 1)
    refuse('model.headSize', 'head-size-odd', { headSize: model.headSize })
  const sources = [data.corpus, data.text, data.tokens].filter((each) => each !== null)
  if (sources.length > 1) refuse('data', 'several-data-sources', { sources: joined('both', sources) })
  const needed = dataVocab(config)
  if (use === 'execute' && model.vocab < needed)
    refuse('model.vocab', 'vocab-smaller-than-tokenizer', {
      vocab: model.vocab,
      ids: needed,
      tokenizer: data.tokenizer,
    })
  if (batch.sequence > model.context)
    refuse('batch.sequence', 'sequence-longer-than-context', { sequence: batch.sequence, context: model.context })
  if (world > MAX_RANKS) {
    refuse('parallel.data', 'mesh-too-large', {
      data: p.data,
      tensor: p.tensor,
      pipeline: p.pipeline,
      ranks: world,
      most: MAX_RANKS,
    })
    return found
  }
  if (batch.shares !== null && batch.shares.length !== p.data)
    refuse('batch.shares', 'entries-per-replica', { count: batch.shares.length, data: p.data })
  else {
    const least = replicaSizes(config).reduce((a, b) => Math.min(a, b))
    if (batch.global < p.data)
      refuse('batch.global', 'replica-without-sample', { global: batch.global, replicas: p.data, least: p.data })
    else if (least < batch.microbatches)
      refuse('batch.microbatches', 'microbatch-left-empty', {
        microbatches: batch.microbatches,
        least,
        global: batch.global,
        most: Math.max(1, least),
      })
  }
  if (model.heads % p.tensor !== 0)
    refuse('parallel.tensor', 'does-not-divide-heads', { value: p.tensor, heads: model.heads })
  else if (model.kvHeads % p.tensor !== 0)
    refuse('parallel.tensor', 'does-not-divide-kv-heads', { tensor: p.tensor, kvHeads: model.kvHeads })
  else if (model.ffn % p.tensor !== 0)
    refuse('parallel.tensor', 'does-not-divide-ffn', { tensor: p.tensor, ffn: model.ffn })
  scheduleProblems(config, refuse)
  if (p.sequenceParallel && p.tensor === 1) refuse('parallel.sequenceParallel', 'needs-tensor-ranks')
  if (p.sequenceParallel && batch.sequence % p.tensor !== 0)
    refuse('parallel.sequenceParallel', 'tensor-does-not-divide-sequence', {
      tensor: p.tensor,
      sequence: batch.sequence,
    })
  if (p.dataMode !== 'ddp') {
    const why = sentence(p.dataMode === 'data-parallel' ? 'loss-and-optimizer-on-one-rank' : 'optimizer-on-server')
    if (p.pipeline > 1)
      refuse('parallel.dataMode', 'mode-with-pipeline', { dataMode: p.dataMode, pipeline: p.pipeline, why })
    if (p.tensor > 1) refuse('parallel.dataMode', 'mode-with-tensor', { dataMode: p.dataMode, tensor: p.tensor, why })
    if (p.dataMode === 'data-parallel' && p.schedule !== '1f1b')
      refuse('parallel.schedule', 'schedule-reorders-microbatches', { schedule: p.schedule })
    if (p.zero > 0) refuse('parallel.zero', 'zero-shards-kept-state', { zero: p.zero, dataMode: p.dataMode })
  }
  if (p.server.async && p.dataMode !== 'parameter-server') refuse('parallel.server.async', 'needs-parameter-server')
  if (p.compression.kind !== 'none' && (p.dataMode !== 'ddp' || p.zero > 0))
    refuse('parallel.compression.kind', 'compression-of-other-exchange', { kind: p.compression.kind })
  if (p.zeroReduce === 'all-reduce' && p.zero !== 1)
    refuse('parallel.zeroReduce', 'all-reduce-needs-zero-1', { zero: p.zero })
  if (p.fsdp.cpuOffload && p.zero !== 3) refuse('parallel.fsdp.cpuOffload', 'needs-zero-3', { zero: p.zero })
  wrapProblems(config, refuse)
  // A rule above has already given a reason.
  for (const each of withoutEffect(config)) if (!found.some(({ field }) => field === each.field)) found.push(each)
  const servers = p.dataMode === 'parameter-server' && p.server.at === 'cpu' ? 1 : 0
  if (cluster.adapters !== 'default' && cluster.adapters.length !== world)
    refuse('cluster.adapters', 'entries-per-rank', { count: cluster.adapters.length, world })
  for (const [i, { rank }] of cluster.stragglers.entries()) {
    const path = `cluster.stragglers.${i}.rank` as const
    if (rank >= world + servers) refuse(path, 'rank-outside-world', { rank, world: world + servers })
    if (cluster.stragglers.findIndex((each) => each.rank === rank) < i) refuse(path, 'straggler-twice', { rank })
  }
  if (use === 'execute') found.push(...simulatedOnly(config))
  return found
}

type OnProblem = <const Code extends RefusedCode>(field: string, code: Code, ...values: FaultValues<Code>) => void

/** Units by name: modules of this model, none in two units. */
function wrapProblems({ model, parallel }: RunConfig, refuse: OnProblem): void {
  const { wrap } = parallel.fsdp
  if (typeof wrap === 'string' || 'minParameters' in wrap) return
  const parameters = parameterTable(model).map(({ name }) => name)
  const taken = new Set<string>()
  for (const [i, unit] of wrap.entries())
    for (const module of unit) {
      const inside = parameters.filter((name) => name.startsWith(`${module}.`))
      if (inside.length === 0) refuse(`parallel.fsdp.wrap.${i}`, 'not-a-module', { module })
      else if (inside.some((name) => taken.has(name)))
        refuse(`parallel.fsdp.wrap.${i}`, 'module-in-two-units', { module })
      for (const name of inside) taken.add(name)
    }
}

function scheduleProblems({ model, batch, parallel: p }: RunConfig, refuse: OnProblem): void {
  const stages = p.pipeline * p.chunks
  if (p.schedule === 'interleaved-1f1b' && p.chunks < 2)
    refuse('parallel.chunks', 'chunks-of-interleaved', { chunks: p.chunks })
  else if (p.schedule === 'zb-v' && p.chunks !== 2) refuse('parallel.chunks', 'chunks-of-zb-v', { chunks: p.chunks })
  else if (p.schedule !== 'interleaved-1f1b' && p.schedule !== 'zb-v' && p.chunks !== 1)
    refuse('parallel.chunks', 'chunks-exactly-1', { chunks: p.chunks, schedule: p.schedule })
  if (p.schedule === 'interleaved-1f1b' && batch.microbatches % p.pipeline !== 0)
    refuse('batch.microbatches', 'microbatches-of-interleaved', {
      microbatches: batch.microbatches,
      pipeline: p.pipeline,
    })
  const actions = 3 * stages * batch.microbatches
  if (actions > MAX_ACTIONS)
    refuse('batch.microbatches', 'schedule-too-large', {
      microbatches: batch.microbatches,
      stages,
      actions,
      most: MAX_ACTIONS,
    })
  if (typeof p.partition !== 'string') {
    const sum = p.partition.reduce((a, b) => a + b, 0)
    if (p.partition.length !== stages || sum !== model.layers)
      refuse('parallel.partition', 'partition-sum-differs', {
        partition: p.partition.join(', '),
        stages,
        layers: model.layers,
      })
  } else if (stages > model.layers)
    refuse('parallel.pipeline', 'more-stages-than-layers', {
      pipeline: p.pipeline,
      chunks: p.chunks,
      layers: model.layers,
    })
}

/** Throws the first problem. */
export function checkConfig(config: RunConfig, use: ConfigUse): void {
  const [first] = problemsOf(config, use)
  if (first) throw new RefusedError(first)
}
