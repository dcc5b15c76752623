import { useMemo, useState } from 'react'
import { formatBytes, formatPercent, formatCount, significant } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import { useShownCluster } from '../use-shown-cluster.ts'
import panel from '../theme/panel.module.css'
import { useResolvedTheme } from '../theme/use-theme.ts'
import styles from './charts.module.css'
import type { LiveLine } from './live-chart.tsx'
import { LiveChart } from './live-chart.tsx'

const TABLE_ROWS = 50

/** The latest values of the curves, for screen readers. */
function CurveTable({ lines, caption }: { readonly lines: readonly LiveLine[]; readonly caption: string }) {
  const text = useText()
  const [first] = lines
  const steps = first === undefined ? [] : Array.from(first.series.x().slice(-TABLE_ROWS))
  const columns = lines.map(({ name, series }) => {
    const y = series.y()
    return { name, values: new Map(Array.from(series.x(), (x, i) => [x, y[i]!])) }
  })
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th>{text.step}</th>
            {columns.map(({ name }) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map((x) => (
            <tr key={x}>
              <td>{x + 1}</td>
              {columns.map(({ name, values }) => {
                const value = values.get(x)
                return <td key={name}>{value === undefined ? '' : significant(value)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Curve({
  title,
  lines,
  value,
  note,
  about,
}: {
  readonly title: string
  readonly lines: readonly LiveLine[]
  readonly value: string | null
  readonly note: string
  readonly about?: string
}) {
  const text = useText()
  const theme = useResolvedTheme()
  const [table, setTable] = useState(false)
  // Checked again at every step; the previous run may already have a curve.
  useSlice(usePage().run, (state) => state.step)
  const empty = lines.every(({ series }) => series.x().length === 0)
  return (
    <section className={panel.panel} aria-label={title} data-tour="charts">
      <div className={panel.head}>
        <h2 className={panel.title} title={about}>
          {title}
        </h2>
        {value !== null && <strong className="measured">{value}</strong>}
        <span>{note}</span>
        <span className={panel.spacer} />
        <button type="button" className={styles.toggle} aria-pressed={table} onClick={() => setTable(!table)}>
          {text.table}
        </button>
      </div>
      <div className={`${panel.body} ${styles.body}`}>
        {empty ? (
          <p className={styles.empty}>{text.noCurve}</p>
        ) : table ? (
          <CurveTable lines={lines} caption={title} />
        ) : (
          <LiveChart lines={lines} theme={theme} label={`${title} ${value ?? ''}`} />
        )}
      </div>
    </section>
  )
}

export default function ChartsPanel() {
  const page = usePage()
  const text = useText()
  const { step, validationLoss, tokensPerSecond, config, ranks } = useSlice(page.run, (state) => state)
  // Changes only when another run starts, together with the running configuration.
  const previous = useMemo(() => (config === null ? null : page.run.previous()), [config, page])
  const { loss, validation, speed, stalenessMean, stalenessMost } = page.run.curves
  const { server } = useShownCluster().config.parallel
  const lossLines = useMemo(
    (): LiveLine[] => [
      { series: loss, name: text.train, color: '--line-train', dashed: false },
      { series: validation, name: text.validation, color: '--line-validation', dashed: true, points: true },
      ...(previous === null
        ? []
        : [{ series: previous.loss, name: text.runBefore(previous.name), color: '--ink-2', dashed: true }]),
    ],
    [loss, validation, previous, text],
  )
  const speedLines = useMemo(
    (): LiveLine[] => [{ series: speed, name: text.tokensPerSecond, color: '--line-train', dashed: false }],
    [speed, text],
  )
  const stalenessLines = useMemo(
    (): LiveLine[] => [
      { series: stalenessMean, name: text.stalenessColumns.mean, color: '--line-train', dashed: false },
      {
        series: stalenessMost,
        name: text.stalenessColumns.most,
        color: '--line-validation',
        dashed: true,
        points: true,
      },
    ],
    [stalenessMean, stalenessMost, text],
  )
  const stale = step?.staleness?.length ? Math.max(...step.staleness) : null
  const measuredNote =
    validationLoss === null ? text.train : `${text.train} · ${text.validation} ┄ ${significant(validationLoss)}`
  const sent = Math.max(0, ...ranks.map(({ sentBytes }) => sentBytes ?? 0))
  const before =
    previous === null
      ? null
      : previous.sentBytes && sent > 0
        ? `${text.runBefore(previous.name)} ┄ · ${text.sendsOf(formatBytes(sent), formatPercent(sent / previous.sentBytes))}`
        : `${text.runBefore(previous.name)} ┄`
  const lossNote = before === null ? measuredNote : `${measuredNote} · ${before}`
  return (
    <div className={styles.pair} data-three={server.async || undefined}>
      <Curve
        title={text.loss}
        lines={lossLines}
        value={step === null ? null : significant(step.loss)}
        note={lossNote}
      />
      {server.async && (
        <Curve
          title={text.staleness}
          lines={stalenessLines}
          value={stale === null ? null : String(stale)}
          about={text.stalenessAbout}
          note={text.stalenessNote(String(server.maxStaleness))}
        />
      )}
      <Curve
        title={text.speed}
        lines={speedLines}
        value={tokensPerSecond === null ? null : formatCount(tokensPerSecond)}
        note={text.measured}
      />
    </div>
  )
}
