import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { inspectTarget, moveCursor } from '../../state/actions.ts'
import { totalOf } from '../../state/memory-view.ts'
import type { PlannedMemory, Plan, PlannedRank } from '../../state/session.ts'
import { MemoryPatterns } from '../cluster/memory-patterns.tsx'
import { stackedAreas } from '../cluster/stacked-areas.ts'
import type { Size } from '../cluster/stacked-areas.ts'
import { formatBytes, significant } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import { useShownCluster } from '../use-shown-cluster.ts'
import styles from './memory-rows.module.css'

/** Most rows drawn; more would be mere lines. */
const MAX_RANKS = 32
const TABLE_ROWS = 100

/** Live bytes of every rank over the schedule's ticks, by category, with a run's measurements as dots. */
export function MemoryRows({ plan, table }: { readonly plan: Plan; readonly table: boolean }) {
  const page = usePage()
  const text = useText()
  const { config, ranks } = useShownCluster()
  const cursor = useSlice(page.view, (state) => state.cursor)
  const measured = useSlice(page.run, () => page.run.measuredMemory())
  const { end } = plan.ideal
  const shown = plan.ranks.filter(({ device }) => device === 'gpu').slice(0, MAX_RANKS)
  const budget = config.cluster.memoryBytes
  const most = Math.max(...shown.map(({ peak }) => peak.total))
  // A budget far above everything would flatten the curves: it is stated instead.
  const scale = 1.05 * (budget !== null && budget < 3 * most ? Math.max(budget, most) : most)
  const key = (event: React.KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (event.key === 'Escape') page.view.setState({ cursor: null })
    else if (by === undefined || event.target !== event.currentTarget) return
    else moveCursor(page, by)
    event.preventDefault()
  }
  if (table) return <CurveTable ranks={shown} />
  return (
    <>
      <div className={styles.rows} role="group" aria-label={text.memoryOver} tabIndex={0} onKeyDown={key}>
        {shown.map((planned) => (
          <Row
            key={planned.rank}
            planned={planned}
            dots={ranks.length === 0 ? undefined : measured[planned.rank]}
            end={end}
            scale={scale}
            budget={budget !== null && budget <= scale ? budget : null}
            cursor={cursor}
          />
        ))}
      </div>
      <div className={styles.foot}>
        <span>0</span>
        <span>
          <i /> {text.keptFree}
        </span>
        <span>
          {text.tick} {significant(end)}
        </span>
      </div>
    </>
  )
}

interface RowProps {
  readonly planned: PlannedRank
  readonly dots: ReadonlyMap<number, number> | undefined
  readonly end: number
  readonly scale: number
  readonly budget: number | null
  readonly cursor: number | null
}

function Row({ planned: { rank, memory, peak }, dots, end, scale, budget, cursor }: RowProps) {
  const page = usePage()
  const text = useText()
  const plot = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState<Size>({ width: 0, height: 0 })
  useEffect(() => {
    const observer = new ResizeObserver(
      ([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }),
    )
    if (plot.current) observer.observe(plot.current)
    return () => observer.disconnect()
  }, [])
  const pattern = useId()
  const areas = useMemo(
    () => (size.width === 0 ? [] : stackedAreas({ ...memory, at: memory.times, end }, scale, size)),
    [memory, end, scale, size],
  )
  const placeOf = useMemo(
    () => new Map(memory.ops.map((op, i) => [op, { time: memory.times[i]!, predicted: totalOf(memory.bytes[i]!) }])),
    [memory],
  )
  const points = [...(dots ?? [])].flatMap(([op, bytes]) => {
    const place = placeOf.get(op)
    return place === undefined ? [] : [{ op, bytes, ...place }]
  })
  const percent = (share: number) => `${100 * share}%`
  return (
    <div className={styles.row}>
      <button
        type="button"
        className={styles.name}
        title={text.explain}
        onClick={() => inspectTarget(page, { kind: 'device', rank })}
      >
        {rank}
      </button>
      <div
        ref={plot}
        className={styles.plot}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect()
          page.view.setState({ cursor: Math.floor(((event.clientX - box.left) / box.width) * end) + 0.5 })
        }}
      >
        <svg role="img" aria-label={`${text.memoryOf(rank)}: ${text.peak} ${formatBytes(peak.total)}`}>
          <MemoryPatterns id={pattern} />
          {areas.map(({ part, path }) => (
            <path key={part} d={path} data-part={part} fill={part === 'cached' ? 'none' : `url(#${pattern}-${part})`} />
          ))}
        </svg>
        {points.map(({ op, time, bytes, predicted }) => (
          <i
            key={op}
            className={styles.dot}
            data-testid="measured-memory"
            data-bytes={bytes}
            data-predicted={predicted}
            style={{ insetInlineStart: percent(time / end), bottom: percent(bytes / scale) }}
            title={`${text.measured} ${formatBytes(bytes)}, ${text.predicted} ${formatBytes(predicted)}`}
          />
        ))}
        {budget !== null && (
          <i
            className={styles.budget}
            style={{ bottom: percent(budget / scale) }}
            title={text.budget(formatBytes(budget))}
          />
        )}
        {cursor !== null && <i className={styles.cursor} style={{ insetInlineStart: percent(cursor / end) }} />}
      </div>
      <span className={`${styles.peak} predicted`}>{formatBytes(peak.total)}</span>
    </div>
  )
}

/** Totals of each rank whenever some rank's changes. */
function CurveTable({ ranks }: { readonly ranks: readonly PlannedRank[] }) {
  const text = useText()
  const times = [...new Set(ranks.flatMap(({ memory }) => memory.times.map(Math.floor)))]
    .toSorted((a, b) => a - b)
    .slice(0, TABLE_ROWS)
  const at = ({ times: own, bytes }: PlannedMemory, tick: number) => {
    const during = own.flatMap((time, i) => (Math.floor(time) === tick ? [totalOf(bytes[i]!)] : []))
    return during.length === 0 ? null : Math.max(...during)
  }
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={`${text.memoryOver}: ${text.table}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{text.tick}</th>
            {ranks.map(({ rank }) => (
              <th key={rank} scope="col">
                {text.rank(rank)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((tick) => (
            <tr key={tick}>
              <th scope="row">{tick}</th>
              {ranks.map(({ rank, memory }) => {
                const bytes = at(memory, tick)
                return <td key={rank}>{bytes === null ? '' : formatBytes(bytes)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
