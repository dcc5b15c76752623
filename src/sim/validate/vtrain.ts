import { num, parseCsv, type CsvRow } from './csv.ts'
import { mean, percentErrors, type Point, type ReportSection } from './section.ts'
import { gptShape, isSeen, nodesOfEight, publishedSeconds, type PublishedRun } from './setups.ts'

function runOf(row: CsvRow): PublishedRun {
  const data = num(row, 'data parallelism')
  const microBatch = num(row, 'micro batch')
  const sequence = num(row, 'sequence length')
  return {
    model: gptShape(num(row, '# layers'), num(row, 'attention heads'), num(row, 'hidden size'), sequence, 51200),
    precision: 'mixed-f16',
    sequence,
    microBatch,
    microbatches: num(row, 'global batch') / microBatch / data,
    parallel: {
      data,
      tensor: num(row, 'tensor parallelism'),
      pipeline: num(row, 'pipeline parallelism'),
      recompute: 'full',
    },
    cluster: { ...nodesOfEight('a100-80gb', 'nvlink3', 'ib-hdr200', 4), software: 'megatron-2021' },
  }
}

function label(row: CsvRow): string {
  const [t, d, p] = ['tensor', 'data', 'pipeline'].map((axis) => row[`${axis} parallelism`])
  const devices = num(row, '# GPUs')
  const shape = `${row['# layers']} × ${row['hidden size']}`
  return `${shape}, ${devices} devices: tensor ${t}, data ${d}, pipeline ${p}, micro-batch ${row['micro batch']} of ${row['global batch']}`
}

function pointsOf(csv: string): Point[] {
  return parseCsv(csv).map((row, index) => ({
    label: label(row),
    measured: num(row, 'iteration time (ms)'),
    simulated: 1e3 * publishedSeconds(runOf(row)),
    seen: isSeen(index),
  }))
}

const COMMON = {
  source: 'vTrain (Bang et al., MICRO 2024), validation data: Megatron-LM on A100, full recomputation, 1F1B',
  software: 'megatron-2021',
  quantity: 'iteration time in ms',
} as const

/** @param csv vtrain_ground_truth_single.csv */
export function vtrainSingle(csv: string): ReportSection {
  const points = pointsOf(csv)
  return {
    ...COMMON,
    id: 'vtrain-single',
    title: 'vTrain, one node (1–8 A100)',
    notes: ['The yardstick, a simulator that profiles the real GPU, has 8.37 % mean absolute error.'],
    points,
    checks: [
      { name: 'mean absolute error', value: mean(percentErrors(points)), limit: 7.5, unit: '%' },
      {
        name: 'mean absolute error, unseen rows',
        value: mean(percentErrors(points.filter(({ seen }) => !seen))),
        limit: 7.5,
        unit: '%',
      },
    ],
  }
}

/** @param csv vtrain_ground_truth_multi.csv */
export function vtrainMulti(csv: string): ReportSection {
  const points = pointsOf(csv)
  return {
    ...COMMON,
    id: 'vtrain-multi',
    title: 'vTrain, many nodes (64–512 A100)',
    notes: [
      'Nodes of eight with 800 Gbit/s between them. The yardstick has 14.73 % mean absolute error.',
      'Rows with tensor 2 at 39.1 B parameters run nearly twice as long as their neighbours; no parameter answers for them.',
    ],
    points,
    checks: [
      { name: 'mean absolute error', value: mean(percentErrors(points)), limit: 13, unit: '%' },
      {
        name: 'mean absolute error, unseen rows',
        value: mean(percentErrors(points.filter(({ seen }) => !seen))),
        limit: 13,
        unit: '%',
      },
    ],
  }
}
