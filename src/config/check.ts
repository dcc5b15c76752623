import { meshSize } from '../core/mesh.ts'
import { RefusedError } from '../core/errors.ts'
import { msg, type LocalizableMessage } from '../core/message.ts'
import { parameterTable } from '../model/parameters.ts'
import { simulatedOnly, withoutEffect } from './effects.ts'
import { ROPE_THETA } from '../model/shape.ts'
import type { RunConfig } from './types.ts'

export interface Problem {
  readonly field: string
  readonly message: string
  /** The message in translatable form. */
  readonly localizable?: LocalizableMessage
}

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
export function problemsOf(config: RunConfig, use: ConfigUse = 'execute'): Problem[] {
  const found: Problem[] = []
  const refuse: Refuse = (field, localizable) => void found.push({ field, message: localizable.text, localizable })
  const { model, batch, parallel: p, cluster, data } = config
  const world = meshSize(p)
  if (config.epochs !== null && config.steps !== null)
    refuse('epochs', msg`${config.epochs} given together with steps; give one of the two`)
  if (!Number.isInteger(model.headSize))
    refuse('model.heads', msg`${model.heads} does not divide model.embed: ${model.embed}`)
  if (model.heads % model.kvHeads !== 0)
    refuse('model.kvHeads', msg`${model.kvHeads} does not divide model.heads: ${model.heads}`)
  if (model.family === 'gpt2' && model.kvHeads !== model.heads)
    refuse('model.kvHeads', msg`${model.kvHeads} must equal model.heads (${model.heads}) in family gpt2`)
  if (model.family === 'gpt2' && model.ropeTheta !== ROPE_THETA)
    refuse(
      'model.ropeTheta',
      msg`${model.ropeTheta} has no effect here: it needs ${'model.family llama'}; leave it at ${ROPE_THETA}`,
    )
  if (model.family === 'llama' && model.headSize % 2 === 1)
    refuse('model.headSize', msg`${model.headSize} is odd: rotary positions turn pairs; family llama takes an even one`)
  const sources = [data.corpus, data.text, data.tokens].filter((each) => each !== null)
  if (sources.length > 1) refuse('data', msg`${sources.join(' and ')} given; give one of corpus, text, tokens`)
  const needed = dataVocab(config)
  if (use === 'execute' && model.vocab < needed)
    refuse('model.vocab', msg`${model.vocab} is smaller than the ${needed} ids of data.tokenizer ${data.tokenizer}`)
  if (batch.sequence > model.context)
    refuse('batch.sequence', msg`${batch.sequence} is longer than model.context: ${model.context}`)
  if (world > MAX_RANKS) {
    refuse(
      'parallel.data',
      msg`${p.data} × tensor ${p.tensor} × pipeline ${p.pipeline} are ${world} ranks; at most ${MAX_RANKS}`,
    )
    return found
  }
  if (batch.shares !== null && batch.shares.length !== p.data)
    refuse('batch.shares', msg`has ${batch.shares.length} entries; one per replica is parallel.data: ${p.data}`)
  else {
    const least = replicaSizes(config).reduce((a, b) => Math.min(a, b))
    if (batch.global < p.data)
      refuse(
        'batch.global',
        msg`${batch.global} leaves some of the ${p.data} replicas without a sample; at least ${p.data}`,
      )
    else if (least < batch.microbatches)
      refuse(
        'batch.microbatches',
        msg`${batch.microbatches} would leave one empty: the smallest replica has ${least} of batch.global ${batch.global}; at most ${Math.max(1, least)}`,
      )
  }
  if (model.heads % p.tensor !== 0)
    refuse('parallel.tensor', msg`${p.tensor} does not divide model.heads: ${model.heads}`)
  else if (model.kvHeads % p.tensor !== 0)
    refuse('parallel.tensor', msg`${p.tensor} does not divide model.kvHeads: ${model.kvHeads}`)
  else if (model.ffn % p.tensor !== 0)
    refuse('parallel.tensor', msg`${p.tensor} does not divide model.ffn: ${model.ffn}`)
  scheduleProblems(config, refuse)
  if (p.sequenceParallel && p.tensor === 1)
    refuse('parallel.sequenceParallel', msg`true needs parallel.tensor of 2 or more`)
  if (p.sequenceParallel && batch.sequence % p.tensor !== 0)
    refuse(
      'parallel.sequenceParallel',
      msg`true needs parallel.tensor (${p.tensor}) to divide batch.sequence: ${batch.sequence}`,
    )
  if (p.dataMode !== 'ddp') {
    const why =
      p.dataMode === 'data-parallel' ? 'one rank holds the loss and the optimizer' : 'the server holds the optimizer'
    if (p.pipeline > 1)
      refuse(
        'parallel.dataMode',
        msg`${p.dataMode} cannot be combined with parallel.pipeline ${p.pipeline} (${why}); use ddp`,
      )
    if (p.tensor > 1)
      refuse(
        'parallel.dataMode',
        msg`${p.dataMode} cannot be combined with parallel.tensor ${p.tensor} (${why}); use ddp`,
      )
    if (p.dataMode === 'data-parallel' && p.schedule !== '1f1b')
      refuse(
        'parallel.schedule',
        msg`${p.schedule} reorders micro-batches, which data-parallel takes one after the other; use 1f1b`,
      )
    if (p.zero > 0)
      refuse('parallel.zero', msg`${p.zero} shards what ${p.dataMode} keeps in one place; use 0, or dataMode ddp`)
  }
  if (p.server.async && p.dataMode !== 'parameter-server')
    refuse('parallel.server.async', msg`true needs parallel.dataMode parameter-server`)
  if (p.compression.kind !== 'none' && (p.dataMode !== 'ddp' || p.zero > 0))
    refuse(
      'parallel.compression.kind',
      msg`${p.compression.kind} compresses the all-reduce of dataMode ddp with zero 0; use none here`,
    )
  if (p.zeroReduce === 'all-reduce' && p.zero !== 1)
    refuse('parallel.zeroReduce', msg`all-reduce is a variant of parallel.zero 1, not ${p.zero}`)
  if (p.fsdp.cpuOffload && p.zero !== 3)
    refuse('parallel.fsdp.cpuOffload', msg`true needs parallel.zero 3, not ${p.zero}`)
  wrapProblems(config, refuse)
  // A rule above has already given a reason.
  for (const { field, localizable } of withoutEffect(config))
    if (!found.some((each) => each.field === field)) refuse(field, localizable)
  const servers = p.dataMode === 'parameter-server' && p.server.at === 'cpu' ? 1 : 0
  if (cluster.adapters !== 'default' && cluster.adapters.length !== world)
    refuse('cluster.adapters', msg`has ${cluster.adapters.length} entries; one per rank is ${world}`)
  for (const [i, { rank }] of cluster.stragglers.entries())
    if (rank >= world + servers)
      refuse(`cluster.stragglers.${i}.rank`, msg`${rank} must be below the world size ${world + servers}`)
  if (use === 'execute') for (const { field, localizable } of simulatedOnly(config)) refuse(field, localizable)
  return found
}

type Refuse = (field: string, localizable: LocalizableMessage) => void

/** Units by name: modules of this model, none in two units. */
function wrapProblems({ model, parallel }: RunConfig, refuse: Refuse): void {
  const { wrap } = parallel.fsdp
  if (typeof wrap === 'string' || 'minParameters' in wrap) return
  const parameters = parameterTable(model).map(({ name }) => name)
  const taken = new Set<string>()
  for (const [i, unit] of wrap.entries())
    for (const module of unit) {
      const inside = parameters.filter((name) => name.startsWith(`${module}.`))
      if (inside.length === 0) refuse(`parallel.fsdp.wrap.${i}`, msg`"${module}" is not a module of this model`)
      else if (inside.some((name) => taken.has(name)))
        refuse(`parallel.fsdp.wrap.${i}`, msg`"${module}" is already in a unit`)
      for (const name of inside) taken.add(name)
    }
}

function scheduleProblems({ model, batch, parallel: p }: RunConfig, refuse: Refuse): void {
  const stages = p.pipeline * p.chunks
  if (p.schedule === 'interleaved-1f1b' && p.chunks < 2)
    refuse('parallel.chunks', msg`${p.chunks}: interleaved-1f1b takes 2 or more`)
  else if (p.schedule === 'zb-v' && p.chunks !== 2) refuse('parallel.chunks', msg`${p.chunks}: zb-v takes exactly 2`)
  else if (p.schedule !== 'interleaved-1f1b' && p.schedule !== 'zb-v' && p.chunks !== 1)
    refuse('parallel.chunks', msg`${p.chunks}: ${p.schedule} takes exactly 1`)
  if (p.schedule === 'interleaved-1f1b' && batch.microbatches % p.pipeline !== 0)
    refuse(
      'batch.microbatches',
      msg`${batch.microbatches}: interleaved-1f1b takes a multiple of parallel.pipeline (${p.pipeline})`,
    )
  const actions = 3 * stages * batch.microbatches
  if (actions > MAX_ACTIONS)
    refuse(
      'batch.microbatches',
      msg`${batch.microbatches} on ${stages} stages are a schedule of ${actions} actions; at most ${MAX_ACTIONS}`,
    )
  if (typeof p.partition !== 'string') {
    const sum = p.partition.reduce((a, b) => a + b, 0)
    if (p.partition.length !== stages || sum !== model.layers)
      refuse(
        'parallel.partition',
        msg`[${p.partition.join(', ')}] must have ${stages} entries that sum to model.layers: ${model.layers}`,
      )
  } else if (stages > model.layers)
    refuse(
      'parallel.pipeline',
      msg`${p.pipeline} stages of ${p.chunks} chunks are more than model.layers: ${model.layers}`,
    )
}

/** Throws the first problem. */
export function checkConfig(config: RunConfig, use: ConfigUse): void {
  const [first] = problemsOf(config, use)
  if (first) throw new RefusedError(first.field, first.localizable ?? first.message)
}
