import { inspectTarget } from '../../state/actions.ts'
import type { RankView } from '../../state/run-state.ts'
import type { Slowest } from '../../state/slowest.ts'
import { memoryShown } from '../../state/memory-view.ts'
import type { Plan, PlannedRank } from '../../state/session.ts'
import { formatBytes, formatSeconds, significant } from '../format.ts'
import { usePage } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import styles from './cluster.module.css'
import { MemoryBar } from './memory-bar.tsx'

interface Props {
  readonly plan: Plan
  readonly planned: PlannedRank
  readonly view: RankView | null
  readonly cursor: number | null
  readonly scale: number
  readonly budget: number | null
  readonly failed: boolean
  /** Set on the rank that computes longest. */
  readonly slowest: Slowest | null
}

/** One device: its coordinates, current op, memory and traffic. */
export function RankCard({ plan, planned, view, cursor, scale, budget, failed, slowest }: Props) {
  const page = usePage()
  const text = useText()
  const { rank, coordinates, device } = planned
  const shown = memoryShown(planned, view, cursor)
  const note = view?.op == null ? null : plan.describe(rank, view.op)
  const place = [
    plan.ranks.some((each) => each.coordinates.data > 0) ? `${text.coordinates.data} ${coordinates.data}` : '',
    plan.ranks.some((each) => each.coordinates.pipeline > 0)
      ? `${text.coordinates.pipeline} ${coordinates.pipeline}`
      : '',
    plan.ranks.some((each) => each.coordinates.tensor > 0) ? `${text.coordinates.tensor} ${coordinates.tensor}` : '',
  ].filter(Boolean)
  const sent = view?.sentBytes ?? planned.sentBytes
  const measured = view?.sentBytes != null
  const over = budget !== null && planned.peak.total > budget
  return (
    <li className={styles.card} data-rank={rank} data-failed={failed || undefined} data-over={over || undefined}>
      <div className={styles.name}>
        <button
          type="button"
          className={styles.ask}
          title={text.explain}
          onClick={() => inspectTarget(page, { kind: 'device', rank })}
        >
          <strong>{text.rank(rank)}</strong>
        </button>
        <span>{device === 'cpu' ? text.cpuRank : place.join(' · ')}</span>
      </div>
      <MemoryBar
        label={text.memoryOf(rank)}
        shown={shown}
        predictedPeak={planned.peak.total}
        scale={scale}
        budget={budget}
      />
      <div className={styles.numbers}>
        <span className={shown.provenance}>{formatBytes(shown.total)}</span>
        <span>{shown.when === 'now' ? text.live : shown.when === 'peak' ? text.peak : ''}</span>
        {shown.when !== 'peak' && (
          <em className="predicted" title={`${text.peak}, ${text.predicted}`}>
            {text.peak} {formatBytes(planned.peak.total)}
          </em>
        )}
      </div>
      <div className={styles.op} data-testid="op" title={note?.detail ?? ''}>
        {note && view?.op != null ? (
          <button
            type="button"
            className={styles.ask}
            onClick={() => inspectTarget(page, { kind: 'op', rank, op: view.op! })}
          >
            {note.detail}
          </button>
        ) : view ? (
          text.idleRank
        ) : (
          text.waitingRank
        )}
        {slowest && (
          <span
            className={styles.slowest}
            title={text.slowestAbout(formatSeconds(slowest.seconds), formatSeconds(slowest.median))}
          >
            {text.slowest(significant(slowest.seconds / slowest.median))}
          </span>
        )}
      </div>
      <div className={`${styles.numbers} ${styles.moved}`} title={text.sent}>
        <span className={measured ? 'measured' : 'predicted'}>↑ {formatBytes(sent)}</span>
        {view?.receivedBytes != null && <span title={text.received}>↓ {formatBytes(view.receivedBytes)}</span>}
        <span>{text.perStep}</span>
      </div>
      {over && <p className={styles.over}>{text.overBudget(formatBytes(planned.peak.total), formatBytes(budget))}</p>}
    </li>
  )
}
