import { percentErrors, type Point, type ReportSection } from './section.ts'
import { gptShape, isSeen, nodesOfEight, publishedSeconds } from './setups.ts'

/** test/published/megatron-table-1.json */
export interface MegatronTable {
  readonly source: string
  readonly vocab: number
  readonly sequence: number
  readonly rows: readonly {
    readonly billions: number
    readonly heads: number
    readonly hidden: number
    readonly layers: number
    readonly tensor: number
    readonly pipeline: number
    readonly devices: number
    readonly batch: number
    readonly microBatch: number
    /** Blocks per virtual stage; null: one stage per rank. */
    readonly blocksPerChunk: number | null
    readonly teraflops: number
  }[]
}

/** FLOPs of an iteration with full recomputation: eq. (3) of arXiv:2104.04473. */
function iterationFlops(B: number, s: number, l: number, h: number, V: number): number {
  return 96 * B * s * l * h * h * (1 + s / (6 * h) + V / (16 * l * h))
}

export function megatron({ source, vocab, sequence, rows }: MegatronTable): ReportSection {
  const points: Point[] = rows.map((row, index) => {
    const data = row.devices / row.tensor / row.pipeline
    const chunks = row.blocksPerChunk === null ? 1 : row.layers / row.pipeline / row.blocksPerChunk
    const stepSeconds = publishedSeconds({
      model: gptShape(row.layers, row.heads, row.hidden, sequence, vocab),
      precision: 'mixed-f16',
      sequence,
      microBatch: row.microBatch,
      microbatches: row.batch / data / row.microBatch,
      parallel: {
        data,
        tensor: row.tensor,
        pipeline: row.pipeline,
        schedule: chunks > 1 ? 'interleaved-1f1b' : '1f1b',
        chunks,
        recompute: 'full',
      },
      cluster: { ...nodesOfEight('a100-80gb', 'nvlink3', 'ib-hdr200'), software: 'megatron-2021' },
    })
    const flops = iterationFlops(row.batch, sequence, row.layers, row.hidden, vocab)
    return {
      label: `${row.billions} B on ${row.devices}`,
      measured: row.teraflops,
      simulated: flops / stepSeconds / row.devices / 1e12,
      seen: isSeen(index),
    }
  })
  return {
    id: 'megatron',
    title: 'Megatron-LM, Table 1',
    source,
    software: 'megatron-2021',
    notes: ['Micro-batches and virtual stages from the scripts in the repository; full recomputation.'],
    quantity: 'TFLOP/s per GPU',
    points,
    checks: [{ name: 'largest error', value: Math.max(...percentErrors(points)), limit: 10, unit: '%' }],
  }
}
