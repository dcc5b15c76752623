import { fileName } from '../../export/file-name.ts'
import { memoryCsv, ranksCsv } from '../../export/tables.ts'
import type { Page } from '../../state/page.ts'
import type { FileEntry, FileGroup, FileRow, Format } from './files.ts'
import type { TakeAwayText } from './text.ts'

/** Everything that the Simulate place can hand out; all of it virtual or predicted. */
export function simulationFiles({ simulation }: Page, own: TakeAwayText): FileGroup[] {
  const { result, computing, problem, memory } = simulation.getState()
  const reason = problem !== null ? own.why.refused : computing || result === null ? own.why.computing : null
  const row = (id: keyof TakeAwayText['rows'], format: Format, what: string, make: FileEntry['make']): FileRow => {
    const name =
      result === null ? '' : fileName(result.config, `simulated-${what}`, format === 'trace' ? 'trace.json' : format)
    return { id, title: own.rows[id], reason, entries: [{ format, name, make }] }
  }
  return [
    {
      title: own.groups.simulation,
      rows: [
        row('simulated', 'json', 'result', () => `${JSON.stringify(result, null, 2)}\n`),
        row('simulatedRanks', 'csv', 'ranks', () => ranksCsv(result?.ranks ?? [], result?.time)),
        {
          ...row('memoryCurve', 'csv', 'memory', () => memoryCsv(memory ?? [])),
          reason: reason ?? (memory === null ? own.why.computing : null),
        },
        row('trace', 'trace', 'step', () => simulation.trace()),
      ],
    },
  ]
}
