import { csv } from '../../export/csv.ts'
import { downloadName } from '../../export/file-name.ts'
import { memoryCsv, ranksCsv } from '../../export/tables.ts'
import { describeCandidate, type LayoutWords } from '../../sim/planner/candidates.ts'
import type { PlannerResult } from '../../sim/planner/plan.ts'
import type { SimulatedResult } from '../../sim/simulate.ts'
import type { Page } from '../../state/page.ts'
import type { SimulateText } from '../simulate/text-en.ts'
import type { Text } from '../text/text.ts'
import { pictureFiles } from './files.ts'
import type { FileEntry, FileGroup, FileRow } from './files.ts'
import { layoutsSvg, memorySvg } from './simulation-pictures.ts'
import type { TakeAwayText } from './text.ts'

interface Texts {
  readonly text: Text
  readonly own: TakeAwayText
  readonly simulate: SimulateText
  readonly words: LayoutWords
}

const LAYOUT_HEAD = ['layout', 'fullestBytes', 'bubble', 'stepSeconds', 'tokensPerSecond', 'mfu', 'isOnFront']

function layoutsCsv({ ranked, front }: PlannerResult, words: LayoutWords): string {
  const onFront = new Set(front)
  return csv(
    LAYOUT_HEAD,
    ranked.map((each) => [
      describeCandidate(each.candidate, words),
      each.memoryBytes,
      each.bubble,
      each.stepSeconds,
      each.tokensPerSecond,
      each.mfu,
      onFront.has(each) ? 1 : 0,
    ]),
  )
}

/** The result of a search; `present` is marked where it is comparable. */
function layoutFiles(
  plan: PlannerResult | null,
  present: SimulatedResult | null,
  { own, simulate, words }: Texts,
): FileEntry[] {
  const found = () => {
    if (plan === null) throw new Error(own.why.noSearch)
    return plan
  }
  return [
    { format: 'csv', name: 'tabcluster-layouts.csv', make: () => layoutsCsv(found(), words) },
    ...pictureFiles(
      (extension) => `tabcluster-layouts.${extension}`,
      () => layoutsSvg(found(), present, own.rows.layouts, simulate, words),
    ),
  ]
}

/** All downloads of the Simulate place, all virtual or predicted. */
export function simulationFiles({ simulation }: Page, texts: Texts): FileGroup[] {
  const { text, own, simulate } = texts
  const { result, computing, problem, memory, search } = simulation.getState()
  const reason = problem !== null ? own.why.refused : computing || result === null ? own.why.computing : null
  const [first, ...others] = memory ?? []
  const plan = search.phase === 'found' ? search.plan : null
  const name = (what: string, extension: string) =>
    result === null ? '' : downloadName(result.config, `simulated-${what}`, extension)
  const row = (id: keyof TakeAwayText['rows'], entries: readonly FileEntry[], why = reason): FileRow => ({
    id,
    title: own.rows[id],
    reason: why,
    entries,
  })
  const memoryReason = reason ?? (first === undefined ? own.why.computing : null)
  return [
    {
      title: own.groups.simulation,
      rows: [
        row('simulated', [
          { format: 'json', name: name('result', 'json'), make: () => `${JSON.stringify(result, null, 2)}\n` },
        ]),
        row('simulatedRanks', [
          { format: 'csv', name: name('ranks', 'csv'), make: () => ranksCsv(result?.ranks ?? [], result?.time) },
        ]),
        row(
          'memoryCurve',
          [
            { format: 'csv', name: name('memory', 'csv'), make: () => memoryCsv(memory ?? []) },
            ...pictureFiles(
              (extension) => name('memory', extension),
              () => {
                if (result === null || first === undefined) throw new Error(own.why.computing)
                return memorySvg(result, [first, ...others], text, simulate)
              },
            ),
          ],
          memoryReason,
        ),
        row('trace', [{ format: 'trace', name: name('step', 'trace.json'), make: () => simulation.trace() }]),
        row(
          'layouts',
          layoutFiles(plan, problem === null ? result : null, texts),
          plan === null ? own.why.noSearch : null,
        ),
      ],
    },
  ]
}
