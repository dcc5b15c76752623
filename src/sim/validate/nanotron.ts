import { num, parseCsv, type CsvRow } from './csv.ts'
import { areaUnderCurve, median, percentErrors, type Point, type ReportSection } from './section.ts'
import { isSeen, nodesOfEight, publishedFigures, type PublishedRun } from './setups.ts'

const SEQUENCE = 4096

function llama(layers: number, embed: number, heads: number, ffn: number, tied: boolean) {
  return { family: 'llama', layers, heads, kvHeads: heads, embed, ffn, context: SEQUENCE, vocab: 131072, tied } as const
}

const MODELS: Readonly<Record<string, ReturnType<typeof llama>>> = {
  '1B': llama(16, 2048, 32, 8192, true),
  '3B': llama(28, 3072, 32, 8192, true),
  '8B': llama(32, 4096, 32, 14336, false),
  '80B': llama(80, 8192, 64, 28672, false),
}

function runOf(row: CsvRow): PublishedRun {
  const model = MODELS[row['model'] ?? '']
  if (!model) throw new Error(`no shape for ${row['model']}`)
  const data = num(row, 'dp')
  const tensor = num(row, 'tp')
  const pipeline = num(row, 'pp')
  return {
    model,
    precision: 'mixed-bf16',
    sequence: SEQUENCE,
    microBatch: num(row, 'mbs'),
    microbatches: num(row, 'grad_acc'),
    parallel: {
      data,
      tensor,
      pipeline,
      // A single replica has nothing to shard.
      zero: num(row, 'zero_stage') === 1 && data > 1 ? 1 : 0,
      sequenceParallel: tensor > 1,
      ...(pipeline > 1 && { partition: 'balanced' }),
    },
    cluster: { ...nodesOfEight('h100-80gb', 'nvlink4', 'eth-400g'), software: 'nanotron' },
  }
}

/** A configuration cannot express a stage without blocks. */
function hasBlockPerStage(row: CsvRow): boolean {
  return num(row, 'pp') <= (MODELS[row['model'] ?? '']?.layers ?? 0)
}

/** Keeps only the compared part of the result. */
function outcomeOf(row: CsvRow): { readonly seconds: number; readonly bytes: number } {
  const { stepSeconds, peak } = publishedFigures(runOf(row))
  return { seconds: stepSeconds, bytes: peak.total }
}

function label(row: CsvRow): string {
  const { model, nodes, dp, tp, pp, mbs, zero_stage: zero } = row
  return `${model}, ${nodes} nodes: data ${dp}, tensor ${tp}, pipeline ${pp}, micro-batch ${mbs}, ZeRO ${zero}`
}

const SOURCE = 'Hugging Face, The Ultra-Scale Playbook: nanotron benchmark on 8–512 H100'

/** @param csv nanotron_bench_h100.csv */
export function nanotron(csv: string): ReportSection[] {
  const rows = parseCsv(csv)
    .filter((row) => row['gbs_consistent'] === '1' && hasBlockPerStage(row))
    .map((row) => ({ row, simulated: outcomeOf(row) }))
  const ran = rows.filter(({ row }) => row['crashed_or_oom'] === '0')
  const speed = ran.map(({ row, simulated }, index): Point => ({
    label: label(row),
    measured: num(row, 'tok_s'),
    simulated: (num(row, 'gbs_seqs') * SEQUENCE) / simulated.seconds,
    seen: isSeen(index),
  }))
  const memory = ran.map(({ row, simulated }): Point => ({
    label: label(row),
    measured: num(row, 'gpu_mem_GB'),
    simulated: simulated.bytes / 1e9,
    seen: false,
  }))
  const needs = (crashed: string) =>
    rows.filter(({ row }) => row['crashed_or_oom'] === crashed).map(({ simulated }) => simulated.bytes)
  const unseen = speed.filter(({ seen }) => !seen)
  return [
    {
      id: 'nanotron',
      title: 'nanotron: speed',
      source: SOURCE,
      software: 'nanotron',
      notes: [
        'Some runs with a pipeline took one second or more per micro-batch longer than their twins, for a reason the data ' +
          'does not tell: they are the worst cases, and why the median is the measure.',
      ],
      quantity: 'tokens per second',
      points: speed,
      checks: [
        { name: 'median error', value: median(percentErrors(speed)), limit: 15, unit: '%' },
        { name: 'median error, unseen rows', value: median(percentErrors(unseen)), limit: 15, unit: '%' },
      ],
    },
    {
      id: 'nanotron-memory',
      title: 'nanotron: memory',
      source: SOURCE,
      software: 'nanotron',
      notes: ['Runs that did not finish include timeouts and bugs. Runs of more stages than blocks are left out.'],
      quantity: 'GB per GPU',
      points: memory,
      checks: [
        { name: 'median error', value: median(percentErrors(memory)), limit: 15, unit: '%' },
        {
          name: 'area under the curve, did not run against ran',
          value: areaUnderCurve(needs('1'), needs('0')),
          limit: 0.9,
          atLeast: true,
          unit: '',
        },
      ],
    },
  ]
}
