import { allReduce } from './all-reduce.ts'
import { foundry } from './foundry.ts'
import { gpipe, type GpipeTable } from './gpipe.ts'
import { korthikanti, type KorthikantiTable } from './korthikanti.ts'
import { megatron, type MegatronTable } from './megatron.ts'
import { nanotron } from './nanotron.ts'
import { plotOf } from './plot.ts'
import { reportOf } from './report.ts'
import { passes, type ReportSection } from './section.ts'
import { vtrainMulti, vtrainSingle } from './vtrain.ts'
import { zeroBubble, type ZeroBubbleTable } from './zero-bubble.ts'

/** The small published tables, as in test/published. */
export interface PublishedTables {
  readonly megatron: MegatronTable
  readonly korthikanti: KorthikantiTable
  readonly zeroBubble: ZeroBubbleTable
  readonly gpipe: GpipeTable
}

/** The large tables, as CSV text by file name. */
export const LARGE_TABLES = [
  'vtrain_ground_truth_single.csv',
  'vtrain_ground_truth_multi.csv',
  'vtrain_allreduce_lut.csv',
  'nanotron_bench_h100.csv',
  'llm_foundry_fsdp_bench.csv',
] as const

export interface Validation {
  readonly sections: readonly ReportSection[]
  readonly markdown: string
  /** SVG text by file name. */
  readonly plots: Readonly<Record<string, string>>
  /** Failed checks, in words. */
  readonly missed: readonly string[]
}

export function publishedSections(tables: PublishedTables): ReportSection[] {
  return [
    megatron(tables.megatron),
    korthikanti(tables.korthikanti),
    ...zeroBubble(tables.zeroBubble),
    gpipe(tables.gpipe),
  ]
}

/** @param large CSV text by file name (LARGE_TABLES) */
export function validate(tables: PublishedTables, large: Readonly<Record<string, string>>): Validation {
  const [single, multi, reduce, nano, fsdp] = LARGE_TABLES.map((name) => {
    const csv = large[name]
    if (csv === undefined) throw new Error(`the table ${name} is missing`)
    return csv
  })
  const sections = [
    vtrainSingle(single!),
    vtrainMulti(multi!),
    ...publishedSections(tables),
    ...nanotron(nano!),
    foundry(fsdp!),
    allReduce(reduce!),
  ]
  const plotFile = ({ id }: ReportSection) => `${id}.svg`
  return {
    sections,
    markdown: reportOf(sections, (section) => `validation/${plotFile(section)}`),
    plots: Object.fromEntries(sections.map((section) => [plotFile(section), plotOf(section)])),
    missed: sections.flatMap(({ title, checks }) =>
      checks
        .filter((check) => !passes(check))
        .map(({ name, value, limit }) => `${title}: ${name} ${value.toFixed(2)}, limit ${limit}`),
    ),
  }
}
