import { useState } from 'react'
import { describeLayout } from '../../sim/describe-layout.ts'
import type { Pinned } from '../../state/simulation-store.ts'
import { BAR_PARTS, partOf } from '../cluster/memory-bar.tsx'
import { formatBytes, formatCount, formatPercent, formatSeconds } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import panel from '../theme/panel.module.css'
import { fullestBytes } from './simulation-result.tsx'
import styles from './simulate.module.css'
import type { SimulateText } from './text.ts'

/** What a column orders by. */
const ORDERS = {
  configuration: (pinned: Pinned) => pinned.id,
  fullest: ({ result }: Pinned) => fullestBytes(result),
  sent: ({ result }: Pinned) => Math.max(...result.ranks.map((rank) => rank.sentBytes)),
  bubble: ({ result }: Pinned) => result.schedule?.bubble ?? 0,
  step: ({ result }: Pinned) => result.time.stepSeconds,
  tokens: ({ result }: Pinned) => -(result.tokensPerSecond?.virtual ?? 0),
  mfu: ({ result }: Pinned) => -result.time.mfu,
} as const
type Order = keyof typeof ORDERS

const nameOf = ({ result }: Pinned) => describeLayout(result.config)

/** Pinned configurations beside each other, their memory on one scale; any column orders them. */
export function Comparison({ text }: { readonly text: SimulateText }) {
  const { simulation } = usePage()
  const { pinned, result, problem, computing } = useSlice(simulation, (state) => state)
  const [order, setOrder] = useState<Order>('configuration')
  const rows = pinned.toSorted((a, b) => ORDERS[order](a) - ORDERS[order](b))
  const most = Math.max(0, ...pinned.map((each) => fullestBytes(each.result)))
  const bySpeed = pinned.toSorted((a, b) => ORDERS.tokens(a) - ORDERS.tokens(b))
  const [best, worst] = [bySpeed[0], bySpeed.at(-1)]
  return (
    <>
      <div className={panel.head}>
        <h2 className={panel.title}>{text.compare}</h2>
        <button type="button" className={styles.action} disabled={result === null || problem !== null || computing} onClick={() => simulation.pin()}>
          {text.pin}
        </button>
      </div>
      {pinned.length === 0 && <p className={styles.about}>{text.empty}</p>}
      {best && worst && best !== worst && (
        <p>{text.differs(nameOf(best), (ORDERS.tokens(best) / ORDERS.tokens(worst)).toPrecision(3), nameOf(worst))}</p>
      )}
      {pinned.length > 0 && (
        <div className={styles.scroll} tabIndex={0} role="region" aria-label={`${text.compare}: ${text.table}`}>
          <table className={styles.table}>
            <thead>
              <tr>
                {(Object.keys(ORDERS) as Order[]).map((column) => (
                  <th key={column} scope="col" aria-sort={column === order ? (column === 'tokens' || column === 'mfu' ? 'descending' : 'ascending') : 'none'}>
                    <button type="button" onClick={() => setOrder(column)}>
                      {text[column]}
                    </button>
                  </th>
                ))}
                <td />
              </tr>
            </thead>
            <tbody>
              {rows.map((each) => (
                <Row key={each.id} pinned={each} most={most} text={text} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

function Row({ pinned, most, text }: { readonly pinned: Pinned; readonly most: number; readonly text: SimulateText }) {
  const { simulation } = usePage()
  const { result } = pinned
  const name = nameOf(pinned)
  const fullest = result.ranks.reduce((a, b) => (b.predictedBytes.total > a.predictedBytes.total ? b : a))
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <span className={styles.bar} aria-hidden="true">
          {BAR_PARTS.map((part) => (
            <i key={part} data-part={part} style={{ width: `${(100 * partOf(fullest.predictedBytes, part)) / most}%` }} />
          ))}
        </span>
        {formatBytes(fullest.predictedBytes.total)}
      </td>
      <td>{formatBytes(ORDERS.sent(pinned))}</td>
      <td>{formatPercent(result.schedule?.bubble ?? 0)}</td>
      <td>{formatSeconds(result.time.stepSeconds)}</td>
      <td>{formatCount(result.tokensPerSecond?.virtual ?? 0)}</td>
      <td>{formatPercent(result.time.mfu)}</td>
      <td>
        <button type="button" className={styles.action} onClick={() => simulation.replace(pinned.draft)}>
          {text.load}
        </button>{' '}
        <button type="button" className={styles.action} aria-label={text.unpin(name)} title={text.unpin(name)} onClick={() => simulation.unpin(pinned.id)}>
          ×
        </button>
      </td>
    </tr>
  )
}
