import { meshSize } from '../../core/mesh.ts'
import { checkConfig } from '../../config/check.ts'
import { withoutStrayFields } from '../../config/effects.ts'
import { DEFAULTS, readConfig } from '../../config/parse.ts'
import type { Recompute, RunConfig, ScheduleName } from '../../config/types.ts'
import { refused } from '../../core/errors.ts'
import { sentence } from '../../core/fault.ts'
import type { FaultSentence } from '../../core/fault.ts'

const MAX_DEVICES = 65_536

/** A layout of a model over a cluster. */
export interface Candidate {
  readonly data: number
  readonly tensor: number
  readonly pipeline: number
  readonly schedule: ScheduleName
  readonly chunks: number
  /** Samples of a micro-batch. */
  readonly microBatch: number
  readonly microbatches: number
  readonly zero: 0 | 1 | 2 | 3
  readonly recompute: Recompute
  readonly sequenceParallel: boolean
}

/** Reports candidates dropped for the same reason. */
export type OnDrop = (reason: FaultSentence) => void

function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((each) => n % each === 0)
}

/** 1, 2, 4 … and the whole, where they divide it. */
function microBatchSizes(samples: number): number[] {
  const sizes: number[] = []
  for (let size = 1; size <= samples; size *= 2) if (samples % size === 0) sizes.push(size)
  return sizes
}

function chunkCounts(layers: number, pipeline: number): number[] {
  return divisors(Math.floor(layers / pipeline)).filter((v) => v >= 2 && v <= 8)
}

/** Schedules worth comparing at this pipeline size; naive is never faster than gpipe with the same memory or more. */
function schedulesOf(layers: number, pipeline: number, microbatches: number): [ScheduleName, number][] {
  if (pipeline === 1) return [['1f1b', 1]]
  const found: [ScheduleName, number][] = [
    ['gpipe', 1],
    ['1f1b', 1],
    ['zb-h1', 1],
    ['zb-h2', 1],
  ]
  if (microbatches % pipeline === 0)
    for (const chunks of chunkCounts(layers, pipeline)) found.push(['interleaved-1f1b', chunks])
  if (layers >= 2 * pipeline) found.push(['zb-v', 2])
  return found
}

/** Devices to plan for: the configuration's ranks, or one node where it names a single one. */
export function devicesOf({ parallel, cluster }: RunConfig): number {
  const ranks = meshSize(parallel)
  return ranks > 1 ? ranks : cluster.devicesPerNode
}

/**
 * A configuration to plan for: its layout only determines the number of devices, so layout rules do not apply.
 *
 * @throws RefusedError for problems that no layout can fix
 */
export function readForPlan(input: unknown): RunConfig {
  const config = readConfig(input)
  const devices = meshSize(config.parallel)
  const single = { ...config.batch, microbatches: 1, shares: null }
  const cluster = { ...config.cluster, adapters: 'default', stragglers: [] } as const
  checkConfig({ ...config, batch: single, parallel: DEFAULTS.parallel, cluster }, 'simulate')
  if (devices > MAX_DEVICES) throw refused('parallel.data', 'too-many-devices-to-plan', { devices, most: MAX_DEVICES })
  return config
}

/** Every sensible layout of the model over `devices`; the others are counted by reason. */
export function* candidatesOf(config: RunConfig, devices: number, drop: OnDrop): Generator<Candidate> {
  const { model, batch, cluster } = config
  for (const tensor of divisors(devices)) {
    const reason = tensorRefusal(config, tensor)
    if (reason !== null) {
      drop(reason)
      continue
    }
    for (const pipeline of divisors(devices / tensor)) {
      const data = devices / tensor / pipeline
      if (pipeline > model.layers) drop(sentence('layout-stages-exceed-blocks', { blocks: model.layers }))
      else if (batch.global % data !== 0) drop(sentence('layout-replicas-do-not-divide', { global: batch.global }))
      else yield* withSizes(config, { data, tensor, pipeline })
    }
  }
  if (cluster.devicesPerNode < devices && batch.global < devices) drop(sentence('layout-samples-too-few'))
}

function tensorRefusal({ model, cluster }: RunConfig, tensor: number): FaultSentence | null {
  const uneven = [model.heads, model.kvHeads, model.ffn].some((size) => size % tensor !== 0)
  if (uneven) return sentence('layout-tensor-does-not-divide')
  return tensor > cluster.devicesPerNode ? sentence('layout-crosses-nodes') : null
}

function* withSizes(
  { model, batch }: RunConfig,
  mesh: Pick<Candidate, 'data' | 'tensor' | 'pipeline'>,
): Generator<Candidate> {
  const { data, tensor, pipeline } = mesh
  const samples = batch.global / data
  const zeros = data > 1 ? ([0, 1, 2, 3] as const) : ([0] as const)
  const sequences = tensor > 1 && batch.sequence % tensor === 0 ? [false, true] : [false]
  for (const microBatch of microBatchSizes(samples)) {
    const microbatches = samples / microBatch
    for (const [schedule, chunks] of schedulesOf(model.layers, pipeline, microbatches))
      for (const zero of zeros)
        for (const recompute of ['none', 'selective', 'full'] as const)
          for (const sequenceParallel of sequences)
            yield { ...mesh, schedule, chunks, microBatch, microbatches, zero, recompute, sequenceParallel }
  }
}

/** The configuration with a candidate's layout; everything else is unchanged. */
export function candidateConfig(config: RunConfig, candidate: Candidate): RunConfig {
  const { microBatch: _, microbatches, ...layout } = candidate
  const { partition, fsdp } = config.parallel
  return withoutStrayFields({
    ...config,
    batch: { ...config.batch, microbatches, shares: null },
    parallel: {
      ...config.parallel,
      ...layout,
      dataMode: 'ddp',
      partition: typeof partition === 'string' ? partition : 'even',
      compression: { kind: 'none' },
      fsdp: { ...fsdp, cpuOffload: false },
    },
    cluster: { ...config.cluster, adapters: 'default', memoryBytes: null },
  })
}

/** The mesh axes longer than one: "data 2 × pipeline 4"; empty for one device. */
export function meshText(axes: Readonly<Record<string, number>>): string {
  return Object.entries(axes)
    .flatMap(([name, size]) => (size > 1 ? [`${name} ${size}`] : []))
    .join(' × ')
}

/** The words of a layout's name, by language. */
export interface LayoutWords {
  readonly mesh: (data: number, tensor: number, pipeline: number) => string
  readonly schedule: (id: ScheduleName) => string
  readonly chunked: (schedule: string, chunks: number) => string
  readonly micro: (count: number, size: number) => string
  readonly recompute: { readonly selective: string; readonly full: string }
  readonly sequence: string
  /** The separator. */
  readonly comma: string
}

export const LAYOUT_WORDS: LayoutWords = {
  mesh: (data, tensor, pipeline) => meshText({ data, tensor, pipeline }) || 'one device',
  schedule: (id) => id,
  chunked: (schedule, chunks) => `${schedule} with ${chunks} chunks`,
  micro: (count, size) => `${count} micro-batch${count > 1 ? 'es' : ''} of ${size}`,
  recompute: { selective: 'selective recomputation', full: 'full recomputation' },
  sequence: 'sequence parallel',
  comma: ', ',
}

/** "data 8 × tensor 2 × pipeline 4, 1f1b, 8 micro-batches of 2, ZeRO 1, full recomputation". */
export function describeCandidate(c: Candidate, words: LayoutWords = LAYOUT_WORDS): string {
  const parts = [words.mesh(c.data, c.tensor, c.pipeline)]
  const schedule = words.schedule(c.schedule)
  if (c.pipeline > 1) parts.push(c.chunks > 1 ? words.chunked(schedule, c.chunks) : schedule)
  parts.push(words.micro(c.microbatches, c.microBatch))
  if (c.zero > 0) parts.push(`ZeRO ${c.zero}`)
  if (c.recompute !== 'none') parts.push(words.recompute[c.recompute])
  if (c.sequenceParallel) parts.push(words.sequence)
  return parts.join(words.comma)
}
