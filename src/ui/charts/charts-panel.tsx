import { useMemo, useState } from 'react'
import type { Series } from '../../state/series.ts'
import { formatRate, significant } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import panel from '../theme/panel.module.css'
import { useResolvedTheme } from '../theme/use-theme.ts'
import styles from './charts.module.css'
import type { Line } from './live-chart.tsx'
import { LiveChart } from './live-chart.tsx'

/** The last values of a curve, for those who cannot see it. */
function CurveTable({ series, name, caption }: { readonly series: Series; readonly name: string; readonly caption: string }) {
  const text = useText()
  const from = Math.max(0, series.length - 50)
  const rows = Array.from(series.x().subarray(from), (x, i) => [x, series.y()[from + i]!] as const)
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th>{text.step}</th>
            <th>{name}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([x, y]) => (
            <tr key={x}>
              <td>{x + 1}</td>
              <td>{significant(y)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Curve({ title, lines, value, note }: { readonly title: string; readonly lines: readonly Line[]; readonly value: string | null; readonly note: string }) {
  const text = useText()
  const theme = useResolvedTheme()
  const [table, setTable] = useState(false)
  const started = useSlice(usePage().run, (state) => state.step !== null)
  return (
    <section className={panel.panel} aria-label={title}>
      <div className={panel.head}>
        <h2 className={panel.title}>{title}</h2>
        {value !== null && <strong className="measured">{value}</strong>}
        <span>{note}</span>
        <span className={panel.spacer} />
        <button type="button" className={styles.toggle} aria-pressed={table} onClick={() => setTable(!table)}>
          {text.table}
        </button>
      </div>
      <div className={`${panel.body} ${styles.body}`}>
        {!started ? (
          <p className={styles.empty}>{text.noCurve}</p>
        ) : table ? (
          <CurveTable series={lines[0]!.series} name={title} caption={title} />
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
  const { step, validationLoss, tokensPerSecond } = useSlice(page.run, (state) => state)
  const { loss, validation, speed } = page.run.curves
  const lossLines = useMemo(
    (): Line[] => [
      { series: loss, name: text.train, color: '--line-train', dashed: false },
      { series: validation, name: text.validation, color: '--line-validation', dashed: true },
    ],
    [loss, validation, text],
  )
  const speedLines = useMemo(
    (): Line[] => [{ series: speed, name: text.tokensPerSecond, color: '--line-train', dashed: false }],
    [speed, text],
  )
  const lossNote = validationLoss === null ? text.train : `${text.train} · ${text.validation} ┄ ${significant(validationLoss)}`
  return (
    <div className={styles.pair}>
      <Curve title={text.loss} lines={lossLines} value={step === null ? null : significant(step.loss)} note={lossNote} />
      <Curve
        title={text.speed}
        lines={speedLines}
        value={tokensPerSecond === null ? null : formatRate(tokensPerSecond)}
        note={text.measured}
      />
    </div>
  )
}
