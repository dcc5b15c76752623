import { num, parseCsv, type CsvRow } from './csv.ts'
import { median, percentErrors, type Point, type ReportSection } from './section.ts'
import { gptShape, isSeen, nodesOfEight, publishedSeconds, type PublishedRun } from './setups.ts'

/** Layers, width and heads: MPT configurations of llm-foundry. */
const SHAPES: Readonly<Record<string, readonly [number, number, number]>> = {
  '125m': [12, 768, 12],
  '350m': [24, 1024, 16],
  '760m': [24, 1536, 12],
  '1b': [24, 2048, 16],
  '3b': [32, 2560, 20],
  '7b': [32, 4096, 32],
  '13b': [40, 5120, 40],
  '30b': [48, 7168, 56],
  '70b': [80, 8192, 64],
}

const CLUSTERS = {
  h100_80gb: nodesOfEight('h100-80gb', 'nvlink4', 'ib-ndr400'),
  a100_80gb: nodesOfEight('a100-80gb', 'nvlink3', 'eth-200g'),
  a100_40gb: nodesOfEight('a100-40gb', 'nvlink3', 'eth-200g'),
}

function runOf(row: CsvRow): PublishedRun {
  const shape = SHAPES[row['model'] ?? '']
  const cluster = Object.entries(CLUSTERS).find(([gpu]) => gpu === row['gpu'])?.[1]
  if (!shape || !cluster) throw new Error(`no shape for ${row['model']} or no cluster for ${row['gpu']}`)
  const [layers, embed, heads] = shape
  const sequence = num(row, 'seq_len')
  return {
    model: gptShape(layers, heads, embed, sequence, 50368),
    precision: 'mixed-bf16',
    sequence,
    microBatch: num(row, 'micro_batch'),
    microbatches: num(row, 'grad_accum'),
    parallel: {
      data: num(row, 'n_gpus'),
      zero: 3,
      fsdp: { wrap: 'block', reshardAfterForward: row['sharding'] === 'FULL_SHARD', cpuOffload: false },
      recompute: row['act_ckpt'] === 'True' ? 'full' : 'none',
    },
    cluster: { ...cluster, software: 'pytorch-fsdp' },
  }
}

/** @param csv llm_foundry_fsdp_bench.csv */
export function foundry(csv: string): ReportSection {
  const points: Point[] = parseCsv(csv)
    .filter((row) => row['precision'] !== 'amp_fp8')
    .map((row, index) => {
      const tokens = num(row, 'micro_batch') * num(row, 'grad_accum') * num(row, 'seq_len')
      return {
        label: `${row['model']}, sequence ${row['seq_len']}, ${row['n_gpus']} ${row['gpu']}, micro-batch ${row['micro_batch']}`,
        measured: num(row, 'tokens_s_gpu'),
        simulated: tokens / publishedSeconds(runOf(row)),
        seen: isSeen(index),
      }
    })
  return {
    id: 'foundry',
    title: 'llm-foundry, FSDP',
    source: 'mosaicml/llm-foundry scripts/train/benchmarking README: MPT models on A100 and H100',
    software: 'pytorch-fsdp',
    notes: [
      'The rows in fp8 are left out. Those of mixed precision PURE reduced gradients in bf16; no configuration says that, ' +
        'and they are simulated with f32.',
    ],
    quantity: 'tokens per second and GPU',
    points,
    checks: [
      { name: 'median error', value: median(percentErrors(points)), limit: 12, unit: '%' },
      {
        name: 'median error, unseen rows',
        value: median(percentErrors(points.filter(({ seen }) => !seen))),
        limit: 12,
        unit: '%',
      },
    ],
  }
}
