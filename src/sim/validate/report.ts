import {
  passes,
  mean,
  median,
  percentErrors,
  relativeError,
  type Check,
  type Point,
  type ReportSection,
} from './section.ts'

const WORST_ROWS = 5
/** Tables with more rows than this show only the worst. */
const MAX_FULL_ROWS = 26

function figure(value: number): string {
  return value === 0 ? '0' : Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3)
}

function shown({ value, unit }: Pick<Check, 'value' | 'unit'>): string {
  return unit === '%' ? `${value.toFixed(1)} %` : unit === 'points' ? `${value.toFixed(1)} points` : figure(value)
}

function signed(point: Point): string {
  const percent = 100 * relativeError(point)
  return `${percent >= 0 ? '+' : '−'}${Math.abs(percent).toFixed(1)} %`
}

function checkRow(section: ReportSection, check: Check): string {
  const limit = `${check.atLeast ? '≥' : '≤'} ${shown({ value: check.limit, unit: check.unit })}`
  return `| ${section.title} | ${check.name} | ${shown(check)} | ${limit} | ${passes(check) ? 'kept' : '**missed**'} |`
}

function statistics(name: string, points: readonly Point[]): string {
  const errors = percentErrors(points)
  const bias = 100 * mean(points.map(relativeError))
  const sorted = [...errors].sort((a, b) => a - b)
  const ninth = sorted[Math.floor(0.9 * (sorted.length - 1))]!
  const cells = [mean(errors), median(errors), ninth, sorted.at(-1)!].map((value) => `${value.toFixed(1)} %`)
  return `| ${name} | ${points.length} | ${cells.join(' | ')} | ${bias.toFixed(1)} % |`
}

function pointRows(points: readonly Point[]): string[] {
  return [
    '| run | measured | simulated | error |',
    '|---|---|---|---|',
    ...points.map((p) => `| ${p.label} | ${figure(p.measured)} | ${figure(p.simulated)} | ${signed(p)} |`),
  ]
}

function sectionText(section: ReportSection, plot: string): string {
  const { title, source, software, notes, quantity, points } = section
  const worst = [...points].sort((a, b) => Math.abs(relativeError(b)) - Math.abs(relativeError(a))).slice(0, WORST_ROWS)
  const halves = [
    ['all', points],
    ['fitted on', points.filter(({ seen }) => seen)],
    ['unseen', points.filter(({ seen }) => !seen)],
  ] as const
  return [
    `## ${title}`,
    '',
    `${source}. Compared: ${quantity}.${software === null ? '' : ` Software: \`${software}\`.`}`,
    ...notes.map((note) => `\n${note}`),
    '',
    '| rows | number | mean error | median | 90th percentile | largest | bias |',
    '|---|---|---|---|---|---|---|',
    ...halves.filter(([, part]) => part.length > 0).map(([name, part]) => statistics(name, part)),
    '',
    `![${title}: simulated over measured](${plot})`,
    '',
    ...(points.length <= MAX_FULL_ROWS ? pointRows(points) : ['Worst cases:', '', ...pointRows(worst)]),
    '',
  ].join('\n')
}

/** docs/validation.md. @param plotOf where the plot of a section lies, relative to the document */
export function reportOf(sections: readonly ReportSection[], plotOf: (section: ReportSection) => string): string {
  const rows = sections.flatMap((section) => section.checks.map((check) => checkRow(section, check)))
  return [
    '# Validation of the simulator',
    '',
    'Written by `npm run validate`; not edited by hand. Errors are of the simulated figure relative to the measured one. Rows marked',
    '"fitted on" are those that the physical parameters were fitted with, at most half of a table; nothing was fitted to',
    'the unseen ones. Each architecture has one set of parameters for all sources, each software one row of figures',
    '(`src/sim/cost`, `cluster.software` in a configuration): none belongs to a model or a run.',
    '',
    '| source | measure | reached | limit | |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    ...sections.map((section) => sectionText(section, plotOf(section))),
  ].join('\n')
}
