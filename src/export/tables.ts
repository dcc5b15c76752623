import type { RankResult, StepResult } from '../config/result.ts'
import { CATEGORIES, TRAFFIC_KINDS, type BytesByCategory } from '../core/bytes.ts'
import { csv } from './csv.ts'
import type { CsvValue } from './csv.ts'

/** A row per training step, as measured. */
export function stepsCsv(steps: readonly StepResult[]): string {
  const head = [
    'step',
    'loss',
    'validationLoss',
    'gradNorm',
    'learningRate',
    'tokens',
    'milliseconds',
    'tokensPerSecond',
  ]
  return csv(
    head,
    steps.map(({ step, loss, validationLoss, gradNorm, learningRate, tokens, milliseconds, interrupted }) => [
      step,
      loss,
      validationLoss,
      gradNorm,
      learningRate,
      tokens,
      milliseconds,
      interrupted ? undefined : (tokens * 1000) / milliseconds,
    ]),
  )
}

/** The cost of a rank; a simulated one has no measurements, an executed one no virtual times. */
export type RankRow = Omit<RankResult, 'peakBytes'> & Partial<Pick<RankResult, 'peakBytes'>>

/** Virtual seconds of a step, by position of the rank. */
export interface RankTimes {
  readonly computeSeconds: readonly number[]
  readonly communicationSeconds: readonly number[]
  readonly idleSeconds: readonly number[]
}

const BYTES = [...CATEGORIES, 'cached', 'total'] as const

/** A row per rank: its coordinates, its bytes, its traffic per step. Empty columns are omitted. */
export function ranksCsv(ranks: readonly RankRow[], time?: RankTimes): string {
  const measured = ranks.some((rank) => rank.peakBytes !== undefined)
  const head = [
    'rank',
    'data',
    'pipeline',
    'tensor',
    ...(measured ? BYTES.map((name) => `peakBytes.${name}`) : []),
    ...BYTES.map((name) => `predictedBytes.${name}`),
    'sentBytes',
    'receivedBytes',
    ...TRAFFIC_KINDS.map((kind) => `traffic.${kind}`),
    ...(time ? ['computeSeconds', 'communicationSeconds', 'idleSeconds'] : []),
  ]
  const row = (rank: RankRow, at: number): CsvValue[] => [
    rank.rank,
    rank.coordinates.data,
    rank.coordinates.pipeline,
    rank.coordinates.tensor,
    ...(measured ? BYTES.map((name) => rank.peakBytes?.[name]) : []),
    ...BYTES.map((name) => rank.predictedBytes[name]),
    rank.sentBytes,
    rank.receivedBytes,
    ...TRAFFIC_KINDS.map((kind) => rank.traffic[kind]),
    ...(time ? [time.computeSeconds[at], time.communicationSeconds[at], time.idleSeconds[at]] : []),
  ]
  return csv(head, ranks.map(row))
}

/** Live bytes of some ranks over a step. */
export interface MemorySeries {
  readonly rank: number
  readonly seconds: readonly number[]
  readonly bytes: readonly (BytesByCategory & { readonly cached: number })[]
}

/** A row per moment of each rank's curve; bytes are constant until the next. */
export function memoryCsv(curves: readonly MemorySeries[]): string {
  const parts = [...CATEGORIES, 'cached'] as const
  return csv(
    ['rank', 'seconds', ...parts],
    curves.flatMap(({ rank, seconds, bytes }) =>
      seconds.map((at, i) => [rank, at, ...parts.map((part) => bytes[i]![part])]),
    ),
  )
}
