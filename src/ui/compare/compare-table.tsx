import { useState } from 'react'
import type { Fault } from '../../core/fault.ts'
import { describeLayout } from '../../sim/describe-layout.ts'
import { parseConfig } from '../../config/parse.ts'
import type { Obstacle, Pin } from '../../state/compare-store.ts'
import { differencesOf } from '../../state/differences.ts'
import { readPath, removePath } from '../../state/draft-path.ts'
import { BAR_PARTS, barPartBytes } from '../cluster/memory-bar.tsx'
import { formatBytes, formatCount, formatPercent, formatSeconds, significant } from '../format.ts'
import { usePage } from '../page-context.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './compare.module.css'
import { figuresOf, limitsOn, memoryGroups } from './figures.ts'
import type { Figures, Limit } from './figures.ts'
import type { CompareText } from './text.ts'
import { useLayoutWords } from '../text/layout-words.ts'
import stacked from '../theme/stacked-bar.module.css'

interface Column {
  readonly by: (row: Figures) => number | null
  readonly format: (value: number) => string
  /** More is better, so that the best comes first. */
  readonly falling: boolean
  readonly kind: 'predicted' | 'virtual' | 'measured' | null
}

const ORDER_NAMES = [
  'configuration',
  'memory',
  'sent',
  'bubble',
  'step',
  'virtual',
  'mfu',
  'measured',
  'loss',
  'validation',
] as const
type Order = (typeof ORDER_NAMES)[number]

/** Sort key of a column; unknown values come last in either direction. */
const ORDERS: Readonly<Record<Order, Column>> = {
  configuration: { by: ({ pin }) => pin.letter.charCodeAt(0), format: String, falling: false, kind: null },
  memory: { by: ({ fullestBytes }) => fullestBytes, format: formatBytes, falling: false, kind: null },
  sent: { by: ({ sentBytes }) => sentBytes, format: formatBytes, falling: false, kind: null },
  bubble: { by: ({ bubble }) => bubble, format: formatPercent, falling: false, kind: 'predicted' },
  step: { by: ({ stepSeconds }) => stepSeconds, format: formatSeconds, falling: false, kind: 'virtual' },
  virtual: { by: ({ virtualTokens }) => virtualTokens, format: formatCount, falling: true, kind: 'virtual' },
  mfu: { by: ({ mfu }) => mfu, format: formatPercent, falling: true, kind: 'virtual' },
  measured: { by: ({ measuredTokens }) => measuredTokens, format: formatCount, falling: true, kind: 'measured' },
  loss: { by: ({ loss }) => loss, format: significant, falling: false, kind: 'measured' },
  validation: { by: ({ validationLoss }) => validationLoss, format: significant, falling: false, kind: 'measured' },
}

interface Sorting {
  readonly order: Order
  readonly reversed: boolean
}

const isFalling = ({ order, reversed }: Sorting) => ORDERS[order].falling !== reversed

function sorted(rows: readonly Figures[], sorting: Sorting): Figures[] {
  const { by } = ORDERS[sorting.order]
  const falling = isFalling(sorting)
  const key = (row: Figures) => {
    const value = by(row)
    return value === null ? Number.MAX_VALUE : falling ? -value : value
  }
  return rows.toSorted((a, b) => key(a) - key(b) || a.pin.letter.localeCompare(b.pin.letter))
}

export function nameOf({ draft, simulated }: Pin, words?: Parameters<typeof describeLayout>[1]): string {
  if (simulated) return describeLayout(simulated.config, words)
  try {
    return describeLayout(parseConfig(draft, 'simulate'), words)
  } catch {
    return JSON.stringify(draft)
  }
}

/** Pins as rows, their memory on one scale, sortable by any column. */
export function CompareTable({
  pins,
  steps,
  text,
}: {
  readonly pins: readonly Pin[]
  readonly steps: number
  readonly text: CompareText
}) {
  const [sorting, setSorting] = useState<Sorting>({ order: 'configuration', reversed: false })
  const rows = sorted(pins.map(figuresOf), sorting)
  const best = bestOf(rows)
  const { limits, most } = limitsOn(pins, Math.max(0, ...rows.map(({ fullestBytes }) => fullestBytes ?? 0)))
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={`${text.title}: ${text.table}`}>
      <table className={styles.table}>
        <thead>
          <tr>
            {ORDER_NAMES.map((column) => (
              <th
                key={column}
                scope="col"
                aria-sort={column === sorting.order ? (isFalling(sorting) ? 'descending' : 'ascending') : 'none'}
              >
                <button
                  type="button"
                  onClick={() =>
                    setSorting(({ order, reversed }) => ({ order: column, reversed: order === column && !reversed }))
                  }
                >
                  {text.columns[column]}
                  {ORDERS[column].kind !== null && <small> {text.provenance[ORDERS[column].kind]}</small>}
                </button>
              </th>
            ))}
            <th scope="col">{text.openIn}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.pin.letter}
              row={row}
              best={best}
              scale={most}
              limit={limits.get(row.pin) ?? null}
              steps={steps}
              details={detailsOf(row.pin, pins)}
              text={text}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The best displayed value of each column whose displayed values differ. */
export type Best = ReadonlyMap<Order, string>

/** What exceeds its budget cannot run and is never the best. */
export function bestOf(rows: readonly Figures[]): Best {
  const withinBudget = rows.filter(({ pin }) => pin.overBudget === null)
  return new Map(
    ORDER_NAMES.flatMap((order): [Order, string][] => {
      const { by, falling, format } = ORDERS[order]
      const values = withinBudget.flatMap((row) => by(row) ?? [])
      if (order === 'configuration' || new Set(values.map(format)).size < 2) return []
      return [[order, format(falling ? Math.max(...values) : Math.min(...values))]]
    }),
  )
}

/** The pin's differences from the others besides its layout, which its name already states. */
function detailsOf(pin: Pin, pins: readonly Pin[]): string {
  const known = pins.flatMap((each) => (each.simulated ? [{ each, config: each.simulated.config }] : []))
  const at = known.findIndex(({ each }) => each.letter === pin.letter)
  if (at < 0) return ''
  return differencesOf(known.map(({ config }) => config))
    .filter(({ field }) => !field.startsWith('parallel.') && field !== 'batch.microbatches')
    .map(({ field, values }) => `${field} ${values[at]}`)
    .join(', ')
}

function Value({ row, order, best, provenance, text, ...rest }: ValueProps) {
  const { by, format } = ORDERS[order]
  const value = by(row)
  if (value === null)
    return (
      <td {...rest} className={provenance}>
        –
      </td>
    )
  // Equal displayed values count as equal.
  const isBest = row.pin.overBudget === null && best.get(order) === format(value)
  return (
    <td {...rest} className={provenance} data-best={isBest || undefined} title={isBest ? text.best : undefined}>
      {format(value)}
    </td>
  )
}

interface ValueProps {
  readonly row: Figures
  readonly order: Order
  readonly best: Best
  readonly provenance?: 'measured' | 'predicted' | 'virtual'
  readonly text: CompareText
  readonly 'data-testid'?: string
}

interface RowProps {
  readonly row: Figures
  readonly best: Best
  readonly scale: number
  readonly limit: Limit | null
  readonly steps: number
  readonly details: string
  readonly text: CompareText
}

function Row({ row, best, scale, limit, steps, details, text }: RowProps) {
  const figure = { row, best, text }
  const { pin } = row
  const words = useLayoutWords()
  const provenance = row.isMeasured ? 'measured' : 'predicted'
  return (
    <tr>
      <th scope="row">
        <b className={styles.letter}>{pin.letter}</b> {nameOf(pin, words)}
        {details !== '' && <small className={styles.status}>{details}</small>}
        <Status pin={pin} steps={steps} text={text} />
      </th>
      <td>
        <Memory pin={pin} scale={scale} limit={limit} provenance={provenance} text={text} />
      </td>
      <Value {...figure} order="sent" provenance={provenance} />
      <Value {...figure} order="bubble" provenance="predicted" />
      <Value {...figure} order="step" provenance="virtual" />
      <Value {...figure} order="virtual" provenance="virtual" />
      <Value {...figure} order="mfu" provenance="virtual" />
      <Value {...figure} order="measured" data-testid="measured-tokens" />
      <Value {...figure} order="loss" data-testid="last-loss" />
      <Value {...figure} order="validation" data-testid="validation-loss" />
      <td>
        <Actions pin={pin} text={text} />
      </td>
    </tr>
  )
}

function obstacleText(obstacle: Obstacle, text: CompareText, line: (problem: Fault) => string): string {
  switch (obstacle.kind) {
    case 'refused':
      return text.obstacles.refused(line(obstacle.problem))
    case 'ranks':
      return text.obstacles.ranks(formatCount(obstacle.ranks))
    case 'bytes':
      return text.obstacles.bytes(formatBytes(obstacle.bytes))
  }
}

function Status({
  pin: { obstacle, problem, simulated, training },
  steps,
  text,
}: {
  readonly pin: Pin
  readonly steps: number
  readonly text: CompareText
}) {
  const line = useFaultLine()
  const statusText = () => {
    if (training?.phase === 'failed') return text.failed(line(training.fault))
    if (training?.phase === 'running') return text.step(String(training.losses.length), String(steps))
    if (training?.phase === 'waiting') return text.waiting
    if (problem !== null) return line(problem)
    if (simulated === null) return text.computing
    if (obstacle !== null) return obstacleText(obstacle, text, line)
    return training === null ? text.notTrained : text.afterSteps(String(training.losses.length))
  }
  return <small className={styles.status}>{statusText()}</small>
}

/** Most groups of devices drawn in a row. */
const MAX_BARS = 6

function Memory({
  pin,
  scale,
  limit,
  provenance,
  text,
}: {
  readonly pin: Pin
  readonly scale: number
  readonly limit: Limit | null
  readonly provenance: 'measured' | 'predicted'
  readonly text: CompareText
}) {
  const page = useText()
  const groups = memoryGroups(pin)
  const percent = (bytes: number) => `${(100 * bytes) / scale}%`
  return (
    <ul className={styles.memory} title={text.provenance[provenance]}>
      {groups.slice(0, MAX_BARS).map(({ bytes, count }, i) => {
        const parts = BAR_PARTS.map((part) => ({ part, bytes: barPartBytes(bytes, part) }))
        const spokenText = parts
          .map(({ part, bytes: size }) => `${page.categories[part]} ${formatBytes(size)}`)
          .join(', ')
        return (
          <li key={i}>
            <span className={stacked.bar} role="img" aria-label={`${text.times(String(count))}: ${spokenText}`}>
              {parts.map(({ part, bytes: size }) => (
                <i
                  key={part}
                  data-part={part}
                  style={{ width: percent(size) }}
                  title={`${page.categories[part]} ${formatBytes(size)}`}
                />
              ))}
              {limit !== null && (
                <b
                  style={{ insetInlineStart: percent(limit.bytes) }}
                  title={text[limit.kind](formatBytes(limit.bytes))}
                />
              )}
            </span>
            <span className={provenance}>{formatBytes(bytes.total)}</span>
            <span className={styles.count}>{count > 1 && text.times(formatCount(count))}</span>
          </li>
        )
      })}
      {pin.overBudget !== null && limit !== null && (
        <li className={styles.over}>{text.over(formatBytes(limit.bytes))}</li>
      )}
      {groups.length > MAX_BARS && <li className={styles.count}>{text.more(String(groups.length - MAX_BARS))}</li>}
    </ul>
  )
}

function Actions({ pin, text }: { readonly pin: Pin; readonly text: CompareText }) {
  const { compare, draft, simulation, view } = usePage()
  const page = useText()
  const compressed = readPath(pin.draft, 'parallel.compression.kind')
  const plain = removePath(pin.draft, 'parallel.compression')
  const isCompressed = compressed !== undefined && compressed !== 'none'
  return (
    <span className={styles.actions}>
      <span>
        {pin.obstacle === null && (
          <button
            type="button"
            className={button.button}
            aria-label={`${text.openRun}: ${pin.letter}`}
            onClick={() => {
              draft.replace(pin.draft)
              view.setState({ place: 'run' })
            }}
          >
            {page.run}
          </button>
        )}
        <button
          type="button"
          className={button.button}
          aria-label={`${text.openSimulate}: ${pin.letter}`}
          onClick={() => {
            simulation.replace(pin.draft)
            view.setState({ place: 'simulate' })
          }}
        >
          {page.simulate}
        </button>
        <button
          type="button"
          className={button.square}
          aria-label={text.remove(pin.letter)}
          title={text.remove(pin.letter)}
          onClick={() => compare.unpin(pin.draft)}
        >
          ×
        </button>
      </span>
      {isCompressed && !compare.isPinned(plain) && (
        <button type="button" className={button.button} onClick={() => compare.pin(plain)}>
          {text.uncompressed}
        </button>
      )}
    </span>
  )
}
