import type { SoftwareId } from '../config/names.ts'
import { parseConfig } from '../config/parse.ts'
import { describeLayout } from '../sim/describe-layout.ts'
import { simulate } from '../sim/simulate.ts'
import { putResult } from './io.ts'
import { readJson } from './read.ts'
import { shortBytes, percentText, printTable, secondsText } from './table.ts'

export interface CompareCommandOptions {
  readonly config: readonly string[]
}

const HEAD = ['configuration', 'ranks', 'memory', 'sent', 'bubble', 'step', 'tokens/s', 'MFU', 'software']

/** Marks a row whose software differs from the first: not only the configuration changes its figures. */
const OTHER_SOFTWARE = '*'

/** `compare`: one table, a row per configuration; refused ones are listed with the reason. */
export async function compare(options: CompareCommandOptions): Promise<void> {
  const inputs: { label: string | null; input: unknown }[] = []
  for (const argument of options.config) {
    const input = await readJson(argument, 'config')
    const label = /^\s*[[{]/.test(argument) ? null : argument
    for (const each of Array.isArray(input) ? input : [input]) inputs.push({ label, input: each })
  }
  const rows: string[][] = []
  let first: SoftwareId | null = null
  const notes: string[] = []
  let refusal: unknown = null
  for (const { label, input } of inputs)
    try {
      const { cells, software } = rowOf(label, input)
      first ??= software
      rows.push([...cells, software === first ? software : `${software} ${OTHER_SOFTWARE}`])
    } catch (error) {
      refusal ??= error
      const name = label ?? JSON.stringify(input)
      notes.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  if (rows.length === 0 && refusal !== null) throw refusal
  if (rows.some((cells) => cells.at(-1)!.endsWith(OTHER_SOFTWARE)))
    notes.push(`${OTHER_SOFTWARE} other software than ${first}: not the configuration alone makes the difference.`)
  const note = 'All figures are simulated: memory and bytes predicted (fullest rank), times virtual.'
  await putResult([printTable(HEAD, rows), ...notes, note].join('\n'))
}

function rowOf(label: string | null, input: unknown): { readonly cells: string[]; readonly software: SoftwareId } {
  const config = parseConfig(input, 'simulate')
  const { ranks, schedule, time, tokensPerSecond, software } = simulate(config).result
  const most = (of: (rank: (typeof ranks)[number]) => number) => ranks.reduce((max, each) => Math.max(max, of(each)), 0)
  const layout = describeLayout(config)
  const cells = [
    label === null ? layout : `${label}: ${layout}`,
    String(ranks.length),
    shortBytes(most((rank) => rank.predictedBytes.total)),
    shortBytes(most((rank) => rank.sentBytes)),
    percentText(schedule!.bubble),
    secondsText(time.stepSeconds),
    String(Math.round(tokensPerSecond!.virtual!)),
    percentText(time.mfu),
  ]
  return { cells, software }
}
