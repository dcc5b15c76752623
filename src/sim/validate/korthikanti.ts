import { percentErrors, type Check, type Point, type ReportSection } from './section.ts'
import { gptShape, nodesOfEight, publishedSeconds } from './setups.ts'

/** test/published/korthikanti-table-5.json */
export interface KorthikantiTable {
  readonly source: string
  readonly vocab: number
  readonly sequence: number
  readonly rows: readonly {
    readonly model: string
    readonly heads: number
    readonly hidden: number
    readonly layers: number
    readonly tensor: number
    readonly pipeline: number
    readonly chunks: number
    readonly batch: number
    readonly microBatch: number
    readonly fullSeconds: number
    readonly selectiveSeconds: number
  }[]
}

export function korthikanti({ source, vocab, sequence, rows }: KorthikantiTable): ReportSection {
  const points: Point[] = []
  const ratios: Check[] = []
  for (const row of rows) {
    const seconds = (selective: boolean) =>
      publishedSeconds({
        model: gptShape(row.layers, row.heads, row.hidden, sequence, vocab),
        precision: 'mixed-f16',
        sequence,
        microBatch: row.microBatch,
        microbatches: row.batch / row.microBatch,
        parallel: {
          tensor: row.tensor,
          pipeline: row.pipeline,
          schedule: row.chunks > 1 ? 'interleaved-1f1b' : '1f1b',
          chunks: row.chunks,
          sequenceParallel: selective,
          recompute: selective ? 'selective' : 'full',
        },
        cluster: { ...nodesOfEight('a100-80gb', 'nvlink3', 'ib-hdr200'), software: 'megatron-2021' },
      })
    const full = seconds(false)
    const selective = seconds(true)
    const seen = row.model === '175B'
    points.push({ label: `${row.model}, full recomputation`, measured: row.fullSeconds, simulated: full, seen })
    points.push({
      label: `${row.model}, selective and sequence-parallel`,
      measured: row.selectiveSeconds,
      simulated: selective,
      seen,
    })
    ratios.push({
      name: `${row.model}: ratio of full to selective, off by`,
      value: 100 * Math.abs(full / selective - row.fullSeconds / row.selectiveSeconds),
      limit: 5,
      unit: 'points',
    })
  }
  return {
    id: 'korthikanti',
    title: 'Selective recomputation, Table 5',
    source,
    software: 'megatron-2021',
    notes: ['The 22B model was not part of the fit.'],
    quantity: 'iteration time in s',
    points,
    checks: [{ name: 'largest error', value: Math.max(...percentErrors(points)), limit: 8, unit: '%' }, ...ratios],
  }
}
