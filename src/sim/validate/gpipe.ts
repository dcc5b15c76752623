import { percentErrors, type Point, type ReportSection } from './section.ts'
import { gptShape, nodesOfEight, publishedSeconds } from './setups.ts'

/** test/published/gpipe-table-2.json */
export interface GpipeTable {
  readonly source: string
  readonly stages: readonly number[]
  /** Transformer with 48 blocks: throughput relative to K = 2, M = 1, for M = 32. */
  readonly throughput: readonly number[]
}

export function gpipe({ source, stages, throughput }: GpipeTable): ReportSection {
  const batch = 128
  const seconds = (pipeline: number, microbatches: number) =>
    publishedSeconds({
      model: { ...gptShape(48, 32, 2048, 1024, 32000), attention: 'materialized' },
      precision: 'mixed-bf16',
      sequence: 1024,
      microBatch: batch / microbatches,
      microbatches,
      parallel: {
        pipeline,
        schedule: 'gpipe',
        recompute: 'full',
        partition: 'balanced',
      },
      cluster: { ...nodesOfEight('tpu-v3', 'nvlink2', 'ib-edr100'), software: 'tabcluster' },
    })
  const unit = seconds(2, 1)
  const points: Point[] = stages.map((K, i) => ({
    label: `K = ${K}, M = 32`,
    measured: throughput[i]!,
    simulated: unit / seconds(K, 32),
    seen: false,
  }))
  return {
    id: 'gpipe',
    title: 'GPipe, Table 2: Transformer, M = 32',
    source,
    software: 'tabcluster',
    notes: ['The links of a TPU v3 board are taken as 150 GB/s; the batch, which the paper does not give, as 128.'],
    quantity: 'throughput over K = 2, M = 1',
    points,
    checks: [{ name: 'largest error', value: Math.max(...percentErrors(points)), limit: 15, unit: '%' }],
  }
}
