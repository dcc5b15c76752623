import { csv } from '../../export/csv.ts'
import type { Page } from '../../state/page.ts'
import { nameOf } from '../compare/compare-table.tsx'
import { figuresOf } from '../compare/figures.ts'
import type { FileGroup } from './files.ts'
import type { TakeAwayText } from './text.ts'

const HEAD = [
  'pin',
  'configuration',
  'measuredBytes',
  'predictedBytes',
  'sentBytes',
  'bubble',
  'virtualStepSeconds',
  'virtualTokensPerSecond',
  'virtualMfu',
  'measuredTokensPerSecond',
  'steps',
  'lastLoss',
  'validationLoss',
]

/** Everything that the Compare place can hand out: what was predicted, clocked and measured of every pin. */
export function compareFiles({ compare }: Page, own: TakeAwayText): FileGroup[] {
  const { pins } = compare.getState()
  const reason = pins.length === 0 ? own.why.noPin : null
  const table = () =>
    csv(
      HEAD,
      pins
        .map(figuresOf)
        .map((row) => [
          row.pin.letter,
          nameOf(row.pin),
          row.isMeasured ? row.fullestBytes : null,
          row.pin.simulated ? Math.max(...row.pin.simulated.ranks.map((rank) => rank.predictedBytes.total)) : null,
          row.sentBytes,
          row.bubble,
          row.stepSeconds,
          row.virtualTokens,
          row.mfu,
          row.measuredTokens,
          row.pin.training?.phase === 'done' ? row.pin.training.losses.length : null,
          row.loss,
          row.validationLoss,
        ]),
    )
  const everything = () =>
    pins.map(({ letter, draft, simulated, problem, training }) => ({
      pin: letter,
      config: draft,
      ...(simulated ? { simulated } : {}),
      ...(problem === null ? {} : { error: problem }),
      ...(training?.phase === 'done' ? { measured: training.result } : {}),
    }))
  return [
    {
      title: own.groups.comparison,
      rows: [
        {
          id: 'comparison',
          title: own.rows.comparison,
          reason,
          entries: [{ format: 'csv', name: 'tabcluster-comparison.csv', make: table }],
        },
        {
          id: 'comparisonResults',
          title: own.rows.comparisonResults,
          reason,
          entries: [
            {
              format: 'json',
              name: 'tabcluster-comparison.json',
              make: () => `${JSON.stringify(everything(), null, 2)}\n`,
            },
          ],
        },
      ],
    },
  ]
}
