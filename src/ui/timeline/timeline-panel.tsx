import { useEffect, useId, useMemo, useState } from 'react'
import { inspectTarget, moveCursor } from '../../state/actions.ts'
import { TIMELINE_VIEWS } from '../../state/view-store.ts'
import type { Target } from '../../state/inspect/inspected.ts'
import { SPAN_KINDS } from '../../schedule/span-kinds.ts'
import type { TimelineSpan } from '../../state/session.ts'
import { Segmented } from '../controls/segmented.tsx'
import { formatBytes, formatPercent, formatSeconds, significant } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import panel from '../theme/panel.module.css'
import { useResolvedTheme } from '../theme/use-theme.ts'
import { useText } from '../text/use-text.ts'
import { useShownCluster } from '../use-shown-cluster.ts'
import { currentCells } from './current-cells.ts'
import { executedCells, idleShare, latestStart } from './executed.ts'
import { clampView, zoom } from './layout.ts'
import type { Viewport } from './layout.ts'
import { Legend } from './legend.tsx'
import { MemoryRows } from './memory-rows.tsx'
import { buildIndex } from './span-index.ts'
import { SpanTable } from './span-table.tsx'
import { TimelineCanvas } from './timeline-canvas.tsx'
import styles from './timeline.module.css'

const NONE: readonly TimelineSpan[] = []
const NOWHERE: ReadonlySet<TimelineSpan> = new Set()
const NO_EXECUTED: ReturnType<ReturnType<typeof usePage>['run']['spans']> = []

const tickName = (t: number) => (Number.isInteger(t) ? String(t) : significant(t))

/** The target of a cell: an executed op, or the ops of a micro-batch and stage in the schedule. */
function targetOf({ row: rank, op, kind: pass, stage, microbatch }: TimelineSpan): Target | null {
  if (op !== null) return { kind: 'op', rank, op }
  return stage === null || microbatch === null ? null : { kind: 'action', rank, stage, microbatch, pass }
}

/** Ideal or executed timeline of the cluster on screen. */
export default function TimelinePanel() {
  const page = usePage()
  const text = useText()
  const theme = useResolvedTheme()
  const help = useId()
  const { plan, ranks } = useShownCluster()
  const { timeline, cursor, speed } = useSlice(page.view, (state) => state)
  const phase = useSlice(page.run, (state) => state.phase)
  const executed = useSlice(page.run, () => page.run.spans())
  const [table, setTable] = useState(false)
  const ideal = timeline === 'ideal'
  const rows = plan?.world ?? 1
  const measured = ideal || ranks.length === 0 ? NO_EXECUTED : executed
  const cells = useMemo(
    () => (plan === null ? NONE : ideal ? plan.ideal.spans : executedCells(measured, plan)),
    [plan, ideal, measured],
  )
  const timeName = useMemo(() => (ideal ? tickName : formatSeconds), [ideal])
  const model = useMemo(
    () => ({ index: buildIndex(cells, rows), wholeTicks: ideal, rowName: String, timeName }),
    [cells, rows, ideal, timeName],
  )
  const { start, end } = model.index
  // Everything, or the latest steps as they grow, or the user's zoom.
  const [chosen, setView] = useState<Viewport | 'all' | 'latest'>('latest')
  useEffect(() => setView('latest'), [plan, ideal])
  const latest = useMemo(() => (measured.length === 0 ? start : latestStart(measured)), [measured, start])
  const view =
    typeof chosen === 'object'
      ? clampView(chosen, start, end)
      : { t0: chosen === 'latest' && !ideal ? latest : start, t1: end }
  const kinds = useMemo(() => SPAN_KINDS.filter((kind) => cells.some((cell) => cell.kind === kind)), [cells])
  // At full speed the frames would only flicker.
  const shown = plan !== null && ideal && (phase === 'paused' || (phase === 'running' && speed !== null))
  const current = useMemo(() => (shown ? currentCells(plan, ranks) : NOWHERE), [shown, plan, ranks])
  const tooltip = (span: TimelineSpan) => [
    `${span.label} · ${text.spans[span.kind]}`,
    `${text.rank(span.row)}${span.stage === null ? '' : ` · ${text.coordinates.pipeline} ${span.stage}`}`,
    ideal
      ? `${text.tick} ${significant(span.start)} – ${significant(span.end)}`
      : `${formatSeconds(span.end - span.start)} · ${text.columns.start} ${formatSeconds(span.start)}`,
    ...(span.bytes === null ? [] : [formatBytes(span.bytes)]),
  ]
  const explain = (span: TimelineSpan) => {
    const target = targetOf(span)
    if (target !== null) inspectTarget(page, target)
  }
  const zoomBy = (factor: number) =>
    setView(zoom(view, factor, cursor ?? (view.t0 + view.t1) / 2, start, end, (end - start) / 20_000))

  return (
    <section className={`${panel.panel} ${styles.panel}`} aria-labelledby={`${help}-title`} data-tour="timeline">
      <div className={panel.head}>
        <h2 id={`${help}-title`} className={panel.title}>
          {text.timeline}
        </h2>
        <Segmented
          label={text.timeline}
          value={timeline}
          options={TIMELINE_VIEWS.map((value) => ({ value, label: text.views[value] }))}
          onChange={(value) => page.view.setState({ timeline: value })}
        />
        {plan !== null && ideal && (
          <span>
            {text.bubble} <em className="predicted">{formatPercent(plan.schedule.bubble)}</em> {text.predicted}
            {' · '}
            {text.ticks(tickName(plan.schedule.makespan))}
          </span>
        )}
        {timeline === 'memory' && <span>{text.memoryNote}</span>}
        {timeline === 'executed' && cells.length > 0 && (
          <span>
            {text.idleShare} <span className="measured">{formatPercent(idleShare(cells, rows))}</span> {text.measured}
            {rows > 1 && (
              <span className={styles.contended} title={text.contended}>
                {text.contendedShort}
                <span className="visually-hidden">: {text.contended}</span>
              </span>
            )}
          </span>
        )}
        {cursor !== null && timeline !== 'executed' && (
          <span className={styles.at}>{text.atTick(String(Math.floor(cursor)))}</span>
        )}
        <span className={panel.spacer} />
        <span className={styles.tools}>
          {timeline !== 'memory' && (
            <>
              <button type="button" onClick={() => zoomBy(1 / 1.5)} aria-label={text.zoomOut} title={text.zoomOut}>
                −
              </button>
              <button type="button" onClick={() => zoomBy(1.5)} aria-label={text.zoomIn} title={text.zoomIn}>
                +
              </button>
              <button type="button" onClick={() => setView('all')} aria-label={text.zoomFit} title={text.zoomFit}>
                ↔
              </button>
              {!ideal && (
                <button
                  type="button"
                  aria-pressed={chosen === 'latest'}
                  onClick={() => setView('latest')}
                  aria-label={text.zoomLatest}
                  title={text.zoomLatest}
                >
                  ⇥
                </button>
              )}
            </>
          )}
          <button type="button" aria-pressed={table} onClick={() => setTable(!table)}>
            {text.table}
          </button>
        </span>
      </div>
      <p id={help} className="visually-hidden">
        {text.timelineHelp}
      </p>
      <div className={`${panel.body} ${styles.body}`} data-table={table || undefined}>
        {timeline === 'memory' ? (
          plan !== null && <MemoryRows plan={plan} table={table} />
        ) : table ? (
          <div className={styles.scroll} tabIndex={0} role="region" aria-label={text.table}>
            <SpanTable
              spans={cells}
              timeName={timeName}
              caption={`${text.timeline}: ${text.views[timeline]}.`}
              onSpan={explain}
            />
          </div>
        ) : cells.length === 0 ? (
          <p className={styles.empty}>{ideal ? '' : text.noSpans}</p>
        ) : (
          <>
            <TimelineCanvas
              model={model}
              view={view}
              onView={setView}
              cursor={ideal ? cursor : null}
              current={current}
              onCursor={(at) => ideal && page.view.setState({ cursor: at })}
              onStep={(by) => moveCursor(page, by)}
              label={`${text.timeline}: ${text.views[timeline]}`}
              describedBy={help}
              theme={theme}
              tooltip={tooltip}
              onSpan={explain}
            />
            <Legend kinds={kinds} marksRanks={current.size > 0} />
            {ideal && (
              <div className="visually-hidden">
                <SpanTable spans={cells} timeName={timeName} caption={`${text.timeline}: ${text.views.ideal}.`} />
              </div>
            )}
          </>
        )}
      </div>
    </section>
  )
}
