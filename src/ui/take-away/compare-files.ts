import { englishOf } from '../../core/fault.ts'
import { barsSvg } from '../../export/bars-svg.ts'
import { chartSvg } from '../../export/chart-svg.ts'
import { csv } from '../../export/csv.ts'
import type { LayoutWords } from '../../sim/planner/candidates.ts'
import type { Pin } from '../../state/compare-store.ts'
import type { Page } from '../../state/page.ts'
import { nameOf } from '../compare/compare-table.tsx'
import { figuresOf, memoryGroups } from '../compare/figures.ts'
import { formatBytes } from '../format.ts'
import type { Text } from '../text/text.ts'
import type { FileGroup } from './files.ts'
import { pictureFiles } from './files.ts'
import { memoryParts } from './memory-parts.ts'
import type { TakeAwayText } from './text.ts'

interface Texts {
  readonly text: Text
  readonly own: TakeAwayText
  readonly words: LayoutWords
}

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

/** Okabe–Ito without the colours too light for paper; letters distinguish more lines. */
const LINES = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b07700', '#1c1b19', '#6f6a60']

const namedPins = (pins: readonly Pin[], words: LayoutWords) =>
  pins.map((pin) => `${pin.letter}: ${nameOf(pin, words)}`)

function lossesSvg(pins: readonly Pin[], own: TakeAwayText, words: LayoutWords): string {
  const curves = pins.flatMap((pin) => {
    const { training } = pin
    return training === null || training.phase === 'waiting' || training.losses.length === 0
      ? []
      : [{ pin, losses: training.losses }]
  })
  return chartSvg({
    title: own.lossTitle,
    subtitle: own.lossesAbout(String(curves.length)),
    xLabel: own.step,
    yLabel: own.lossTitle,
    fromZero: false,
    lines: curves.map(({ pin: { letter }, losses }, i) => ({
      name: letter,
      x: losses.map((_, step) => step + 1),
      y: losses,
      color: LINES[i % LINES.length]!,
      dashed: false,
      atEnd: letter,
    })),
    notes: namedPins(
      curves.map(({ pin }) => pin),
      words,
    ),
  })
}

function memoriesSvg(pins: readonly Pin[], text: Text, own: TakeAwayText, words: LayoutWords): string {
  const parts = memoryParts(text)
  const names = namedPins(pins, words)
  return barsSvg({
    title: own.rows.memories,
    subtitle: own.memoriesAbout,
    xLabel: own.bytes,
    parts,
    rows: pins.flatMap((pin, i) => {
      const [first, ...rest] = memoryGroups(pin)
      if (!first) return []
      const { bytes } = rest.reduce((most, each) => (each.bytes.total > most.bytes.total ? each : most), first)
      return [
        {
          name: names[i]!,
          values: parts.map(({ of }) => of(bytes)),
          sum: formatBytes(bytes.total),
          limit: pin.simulated?.config.cluster.memoryBytes ?? null,
        },
      ]
    }),
    xText: formatBytes,
  })
}

/** All downloads of the Compare place: what was predicted, clocked and measured of every pin. */
export function compareFiles({ compare }: Page, { text, own, words }: Texts): FileGroup[] {
  const { pins } = compare.getState()
  const reason = pins.length === 0 ? own.why.noPin : null
  const isTrained = pins.some(
    ({ training }) => training !== null && training.phase !== 'waiting' && training.losses.length > 0,
  )
  const isKnown = pins.some((pin) => memoryGroups(pin).length > 0)
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
      ...(problem === null
        ? {}
        : {
            error: {
              field: problem.field ?? '',
              message: englishOf(problem),
              code: problem.code,
              values: problem.values,
            },
          }),
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
        {
          id: 'losses',
          title: own.rows.losses,
          reason: reason ?? (isTrained ? null : own.why.noLoss),
          entries: pictureFiles(
            (extension) => `tabcluster-comparison-losses.${extension}`,
            () => lossesSvg(pins, own, words),
          ),
        },
        {
          id: 'memories',
          title: own.rows.memories,
          reason: reason ?? (isKnown ? null : own.why.computing),
          entries: pictureFiles(
            (extension) => `tabcluster-comparison-memory.${extension}`,
            () => memoriesSvg(pins, text, own, words),
          ),
        },
      ],
    },
  ]
}
