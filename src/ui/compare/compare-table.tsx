import { useState } from 'react'
import { describeLayout } from '../../sim/describe-layout.ts'
import { parseConfig } from '../../config/parse.ts'
import type { Obstacle, Pin } from '../../state/compare-store.ts'
import { differencesOf } from '../../state/differences.ts'
import type { Problem } from '../../state/session.ts'
import { readPath, removePath } from '../../state/draft-path.ts'
import { BAR_PARTS, partOf } from '../cluster/memory-bar.tsx'
import { formatBytes, formatCount, formatPercent, formatSeconds, significant } from '../format.ts'
import { usePage } from '../page-context.ts'
import { useProblemText } from '../text/problem-text.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './compare.module.css'
import { figuresOf, memoryGroups } from './figures.ts'
import type { Figures } from './figures.ts'
import type { CompareText } from './text.ts'
import { useLayoutWords } from '../text/layout-words.ts'
import stacked from '../theme/stacked-bar.module.css'

/** What a column orders by; unknown values come last. */
const ORDERS = {
  configuration: { by: ({ pin }: Figures) => pin.letter.charCodeAt(0), falling: false, kind: null },
  memory: { by: ({ fullestBytes }: Figures) => fullestBytes, falling: false, kind: null },
  sent: { by: ({ sentBytes }: Figures) => sentBytes, falling: false, kind: null },
  bubble: { by: ({ bubble }: Figures) => bubble, falling: false, kind: 'predicted' },
  step: { by: ({ stepSeconds }: Figures) => stepSeconds, falling: false, kind: 'virtual' },
  virtual: { by: ({ virtualTokens }: Figures) => virtualTokens, falling: true, kind: 'virtual' },
  mfu: { by: ({ mfu }: Figures) => mfu, falling: true, kind: 'virtual' },
  measured: { by: ({ measuredTokens }: Figures) => measuredTokens, falling: true, kind: 'measured' },
  loss: { by: ({ loss }: Figures) => loss, falling: false, kind: 'measured' },
  validation: { by: ({ validationLoss }: Figures) => validationLoss, falling: false, kind: 'measured' },
} as const
type Order = keyof typeof ORDERS

function sorted(rows: readonly Figures[], order: Order): Figures[] {
  const { by, falling } = ORDERS[order]
  const key = (row: Figures) => {
    const value = by(row)
    return value === null ? Infinity : falling ? -value : value
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

/** Pins as rows, their memory on one scale; any column orders them. */
export function CompareTable({
  pins,
  steps,
  text,
}: {
  readonly pins: readonly Pin[]
  readonly steps: number
  readonly text: CompareText
}) {
  const [order, setOrder] = useState<Order>('configuration')
  const rows = sorted(pins.map(figuresOf), order)
  const budgets = pins.map(({ simulated }) => simulated?.config.cluster.memoryBytes ?? 0)
  const best = bestOf(rows)
  const scale = Math.max(1, ...rows.map(({ fullestBytes }) => fullestBytes ?? 0), ...budgets)
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={`${text.title}: ${text.table}`}>
      <table className={styles.table}>
        <thead>
          <tr>
            {(Object.keys(ORDERS) as Order[]).map((column) => (
              <th
                key={column}
                scope="col"
                aria-sort={column === order ? (ORDERS[column].falling ? 'descending' : 'ascending') : 'none'}
              >
                <button type="button" onClick={() => setOrder(column)}>
                  {text.columns[column]}
                  {ORDERS[column].kind !== null && <small> {text.provenance[ORDERS[column].kind]}</small>}
                </button>
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">{text.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.pin.letter}
              row={row}
              best={best}
              scale={scale}
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

/** The best known value of each column that has different ones. */
type Best = ReadonlyMap<Order, number>

function bestOf(rows: readonly Figures[]): Best {
  return new Map(
    (Object.keys(ORDERS) as Order[]).flatMap((order): [Order, number][] => {
      const { by, falling } = ORDERS[order]
      const values = rows.flatMap((row) => by(row) ?? [])
      const [low, high] = [Math.min(...values), Math.max(...values)]
      return order === 'configuration' || values.length < 2 || low === high ? [] : [[order, falling ? high : low]]
    }),
  )
}

/** In what a pin differs from the others beside its layout, which its name says already. */
function detailsOf(pin: Pin, pins: readonly Pin[]): string {
  const known = pins.flatMap((each) => (each.simulated ? [{ each, config: each.simulated.config }] : []))
  const at = known.findIndex(({ each }) => each.letter === pin.letter)
  if (at < 0) return ''
  return differencesOf(known.map(({ config }) => config))
    .filter(({ field }) => !field.startsWith('parallel.') && field !== 'batch.microbatches')
    .map(({ field, values }) => `${field} ${values[at]}`)
    .join(', ')
}

function Value({ row, order, best, format, provenance, text, ...rest }: ValueProps) {
  const value = ORDERS[order].by(row)
  if (value === null)
    return (
      <td {...rest} className={provenance}>
        –
      </td>
    )
  // What reads the same is as good.
  const top = best.get(order)
  const isBest = top !== undefined && format(top) === format(value)
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
  readonly format: (value: number) => string
  readonly provenance?: 'measured' | 'predicted' | 'virtual'
  readonly text: CompareText
  readonly 'data-testid'?: string
}

interface RowProps {
  readonly row: Figures
  readonly best: Best
  readonly scale: number
  readonly steps: number
  readonly details: string
  readonly text: CompareText
}

function Row({ row, best, scale, steps, details, text }: RowProps) {
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
        <Memory pin={pin} scale={scale} provenance={provenance} text={text} />
      </td>
      <Value {...figure} order="sent" format={formatBytes} provenance={provenance} />
      <Value {...figure} order="bubble" format={formatPercent} provenance="predicted" />
      <Value {...figure} order="step" format={formatSeconds} provenance="virtual" />
      <Value {...figure} order="virtual" format={formatCount} provenance="virtual" />
      <Value {...figure} order="mfu" format={formatPercent} provenance="virtual" />
      <Value {...figure} order="measured" format={formatCount} data-testid="measured-tokens" />
      <Value {...figure} order="loss" format={significant} data-testid="last-loss" />
      <Value {...figure} order="validation" format={significant} data-testid="validation-loss" />
      <td>
        <Actions pin={pin} text={text} />
      </td>
    </tr>
  )
}

function obstacleText(obstacle: Obstacle, text: CompareText, line: (problem: Problem) => string): string {
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
  const say = useProblemText()
  const line = (what: Problem) => (what.field === '' ? say(what) : `${what.field}: ${say(what)}`)
  const said = () => {
    if (training?.phase === 'failed') return text.failed(say({ field: '', message: training.message }))
    if (training?.phase === 'running') return text.step(String(training.losses.length), String(steps))
    if (training?.phase === 'waiting') return text.waiting
    if (problem !== null) return line(problem)
    if (simulated === null) return text.computing
    if (obstacle !== null) return obstacleText(obstacle, text, line)
    return training === null ? text.notTrained : text.afterSteps(String(training.losses.length))
  }
  return <small className={styles.status}>{said()}</small>
}

/** Groups of devices that are drawn; more would hide the row. */
const MOST_BARS = 6

function Memory({
  pin,
  scale,
  provenance,
  text,
}: {
  readonly pin: Pin
  readonly scale: number
  readonly provenance: 'measured' | 'predicted'
  readonly text: CompareText
}) {
  const page = useText()
  const groups = memoryGroups(pin)
  const budget = pin.simulated?.config.cluster.memoryBytes ?? null
  const percent = (bytes: number) => `${(100 * bytes) / scale}%`
  return (
    <ul className={styles.memory} title={text.provenance[provenance]}>
      {groups.slice(0, MOST_BARS).map(({ bytes, count }, i) => {
        const parts = BAR_PARTS.map((part) => ({ part, bytes: partOf(bytes, part) }))
        const spoken = parts.map(({ part, bytes: size }) => `${page.categories[part]} ${formatBytes(size)}`).join(', ')
        return (
          <li key={i}>
            <span className={stacked.bar} role="img" aria-label={`${text.times(String(count))}: ${spoken}`}>
              {parts.map(({ part, bytes: size }) => (
                <i
                  key={part}
                  data-part={part}
                  style={{ width: percent(size) }}
                  title={`${page.categories[part]} ${formatBytes(size)}`}
                />
              ))}
              {budget !== null && (
                <b style={{ insetInlineStart: percent(budget) }} title={text.budget(formatBytes(budget))} />
              )}
            </span>
            <span className={provenance}>{formatBytes(bytes.total)}</span>
            <span className={styles.count}>{count > 1 && text.times(formatCount(count))}</span>
          </li>
        )
      })}
      {groups.length > MOST_BARS && <li className={styles.count}>{text.more(String(groups.length - MOST_BARS))}</li>}
    </ul>
  )
}

function Actions({ pin, text }: { readonly pin: Pin; readonly text: CompareText }) {
  const { compare, draft, simulation, view } = usePage()
  const compressed = readPath(pin.draft, 'parallel.compression.kind')
  const plain = removePath(pin.draft, 'parallel.compression')
  const isCompressed = compressed !== undefined && compressed !== 'none'
  return (
    <span className={styles.actions}>
      {isCompressed && !compare.isPinned(plain) && (
        <button type="button" className={button.button} onClick={() => compare.pin(plain)}>
          {text.uncompressed}
        </button>
      )}
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
          {text.openRun}
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
        {text.openSimulate}
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
  )
}
