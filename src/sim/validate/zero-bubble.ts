import type { ScheduleName } from '../../config/types.ts'
import { simulateFigures, type StepFigures } from '../simulate.ts'
import { percentErrors, type Point, type ReportSection } from './section.ts'
import { publishedConfig, gptShape, nodesOfEight } from './setups.ts'

type Measured = '1F1B' | '1F1B-I' | 'ZB-1p' | 'ZB-2p'

/** test/published/zero-bubble-table-4.json */
export interface ZeroBubbleTable {
  readonly source: string
  readonly stages: number
  readonly sequence: number
  readonly models: readonly {
    readonly model: string
    readonly layers: number
    readonly heads: number
    readonly hidden: number
    readonly microBatch: number
    readonly microbatches: readonly number[]
    /** Samples per second and GPU, by schedule and number of micro-batches. */
    readonly samples: Readonly<Record<Measured, readonly number[]>>
    /** GB of the fullest device, by schedule. */
    readonly memory: Readonly<Record<Measured, number>>
  }[]
}

/** The automatic schedules are compared with the handcrafted ones of the same memory. */
const SCHEDULES: readonly (readonly [Measured, ScheduleName])[] = [
  ['1F1B', '1f1b'],
  ['1F1B-I', 'interleaved-1f1b'],
  ['ZB-1p', 'zb-h1'],
  ['ZB-2p', 'zb-h2'],
]

function runOf(
  table: ZeroBubbleTable,
  model: ZeroBubbleTable['models'][number],
  schedule: ScheduleName,
  m: number,
): StepFigures {
  const p = table.stages
  const perRank = (model.layers + 2) / p
  const chunks = schedule === 'interleaved-1f1b' ? perRank : 1
  const stages = p * chunks
  const config = publishedConfig({
    model: gptShape(model.layers, model.heads, model.hidden, table.sequence, 51200),
    precision: 'mixed-f16',
    sequence: table.sequence,
    microBatch: model.microBatch,
    microbatches: m,
    parallel: { pipeline: p },
    cluster: { ...nodesOfEight('a100-80gb', 'nvlink3', 'ib-hdr200'), software: 'zero-bubble' },
  })
  // The first and the last stage have one block fewer: with one block per stage that is none, which no configuration
  // allows.
  const partition = Array.from({ length: stages }, (_, i) => perRank / chunks - (i === 0 || i === stages - 1 ? 1 : 0))
  return simulateFigures(
    { ...config, parallel: { ...config.parallel, schedule, chunks, partition } },
    { mergeEqualRanks: true },
  )
}

/** Pairs of schedules in a column whose order differs from the measured one, ties excluded. */
function misordered(measured: readonly number[], simulated: readonly number[]): number {
  let wrong = 0
  for (let a = 0; a < measured.length; a++)
    for (let b = a + 1; b < measured.length; b++)
      if ((measured[a]! - measured[b]!) * (simulated[a]! - simulated[b]!) < 0) wrong++
  return wrong
}

export function zeroBubble(table: ZeroBubbleTable): ReportSection[] {
  const speed: Point[] = []
  const memory: Point[] = []
  let wrong = 0
  for (const model of table.models) {
    const fullest = new Map<Measured, number>()
    model.microbatches.forEach((m, column) => {
      const points = SCHEDULES.map(([name, schedule]): Point => {
        const { stepSeconds, peak } = runOf(table, model, schedule, m)
        fullest.set(name, Math.max(fullest.get(name) ?? 0, peak.total))
        return {
          label: `${model.model}, ${m} micro-batches, ${name}`,
          measured: model.samples[name][column]!,
          simulated: (m * model.microBatch) / stepSeconds / table.stages,
          seen: model.model === '1.5B',
        }
      })
      const measured = points.map((point) => point.measured)
      const simulated = points.map((point) => point.simulated)
      wrong += misordered(measured, simulated)
      speed.push(...points)
    })
    for (const [name, bytes] of fullest)
      memory.push({
        label: `${model.model}, ${name}`,
        measured: model.memory[name],
        simulated: bytes / 1e9,
        seen: false,
      })
  }
  const notes = [
    'ZB-1p and ZB-2p, found by search, are set beside ZB-H1 and ZB-H2.',
    'Among figures that fit the 1.5B rows alike, the framework has those that keep the order of schedules in all rows.',
  ]
  const shared = { source: table.source, software: 'zero-bubble', notes } as const
  return [
    {
      ...shared,
      id: 'zero-bubble',
      title: 'Zero Bubble, Table 4: throughput',
      quantity: 'samples per second and GPU',
      points: speed,
      checks: [
        { name: 'largest error', value: Math.max(...percentErrors(speed)), limit: 12, unit: '%' },
        { name: 'pairs of schedules in the wrong order', value: wrong, limit: 0, unit: '' },
      ],
    },
    {
      ...shared,
      id: 'zero-bubble-memory',
      title: 'Zero Bubble, Table 4: memory',
      quantity: 'GB of the fullest device',
      points: memory,
      checks: [{ name: 'largest error', value: Math.max(...percentErrors(memory)), limit: 10, unit: '%' }],
    },
  ]
}
