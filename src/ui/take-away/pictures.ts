import type { RunConfig } from '../../config/types.ts'
import { chartSvg } from '../../export/chart-svg.ts'
import type { ChartLine } from '../../export/chart-svg.ts'
import { configName } from '../../export/file-name.ts'
import { timelineSvg } from '../../export/timeline-svg.ts'
import type { TimelineCell, TimelineKind } from '../../export/timeline-svg.ts'
import type { Series } from '../../state/series.ts'
import { SPAN_KINDS } from '../../schedule/span-kinds.ts'
import type { Text } from '../text/text.ts'
import { isInverse, LETTERS, PATTERNS } from '../timeline/palette.ts'
import { LINE_TRAIN, LINE_VALIDATION, OP_FILL } from './light-colours.ts'
import type { TakeAwayText } from './text.ts'

/** A configuration in small print: "nano · ddp-4". */
export function captionOf(config: RunConfig): string {
  const { preset, layers, embed } = config.model
  return `${preset ?? `${layers} × ${embed}`} · ${configName(config)}`
}

interface Curve {
  readonly title: string
  readonly subtitle: string
  readonly yLabel: string
  readonly first: readonly [name: string, series: Series]
  readonly second?: readonly [name: string, series: Series]
  readonly fromZero: boolean
}

/** One or two of the page's curves; the second is dashed, as on the page. */
export function curveSvg({ title, subtitle, yLabel, first, second, fromZero }: Curve, own: TakeAwayText): string {
  const line = ([name, series]: readonly [string, Series], color: string, dashed: boolean): ChartLine => ({
    name,
    x: series.x(),
    y: series.y(),
    color,
    dashed,
  })
  const lines = [
    line(first, LINE_TRAIN, false),
    ...(second && second[1].length > 0 ? [line(second, LINE_VALIDATION, true)] : []),
  ]
  return chartSvg({ title, subtitle, xLabel: own.step, yLabel, lines, fromZero })
}

interface Timeline {
  readonly title: string
  readonly subtitle: string
  readonly xLabel: string
  readonly rows: number
  readonly cells: readonly TimelineCell[]
  readonly timeName: (time: number) => string
}

export function ranksSvg(timeline: Timeline, text: Text): string {
  const kinds: Record<string, TimelineKind> = {}
  for (const kind of SPAN_KINDS)
    kinds[kind] = {
      name: text.spans[kind],
      fill: OP_FILL[kind],
      text: isInverse(kind) ? '#ffffff' : '#16140f',
      hatch: PATTERNS[kind],
      letter: LETTERS[kind],
      isBand: kind === 'communication',
    }
  return timelineSvg({ ...timeline, kinds, rowName: text.rank, idleName: text.idleKind })
}
