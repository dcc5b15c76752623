import { useState } from 'react'
import { faultOf } from '../../core/errors.ts'
import type { Fault } from '../../core/fault.ts'
import type { InferenceReport } from '../../cluster/run-events.ts'
import { isActive } from '../../state/run-state.ts'
import { formatBytes, formatPercent, formatCount, significant } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './sample.module.css'

/**
 * A forward-only pass over held-out data under the same layout: loss, speed, ticks, and each rank's memory, traffic,
 * idle.
 */
export function Inference() {
  const page = usePage()
  const text = useText()
  const faultLine = useFaultLine()
  const phase = useSlice(page.run, (state) => state.phase)
  const stepped = useSlice(page.run, (state) => state.step !== null)
  const [report, setReport] = useState<InferenceReport | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Fault | null>(null)
  const ready = isActive(phase) && stepped && !busy
  const evaluate = async () => {
    setBusy(true)
    setError(null)
    try {
      setReport((await page.run.handle()?.evaluate()) ?? null)
    } catch (reason) {
      setError(faultOf(reason))
    }
    setBusy(false)
  }
  return (
    <div className={styles.inference}>
      <button
        type="button"
        className={button.button}
        onClick={() => void evaluate()}
        disabled={!ready}
        title={text.inferenceAbout}
      >
        {text.inference}
      </button>
      {error !== null && <span>{text.sampleFailed(faultLine(error))}</span>}
      {report && (
        <details open>
          <summary>
            {text.loss} {significant(report.loss)} · {formatCount(report.tokensPerSecond)} {text.tokensPerSecond}{' '}
            {text.measured} · <em className="predicted">{text.ticks(String(report.ticks))}</em>
          </summary>
          <table data-testid="inference">
            <thead>
              <tr>
                <th>{text.columns.rank}</th>
                <th>{text.peak}</th>
                <th>{text.columns.bytes} ↑</th>
                <th>{text.idleShare}</th>
              </tr>
            </thead>
            <tbody>
              {report.ranks.map(({ rank, peakBytes, sentBytes, idle }) => (
                <tr key={rank}>
                  <th>{rank}</th>
                  <td>{formatBytes(peakBytes.total)}</td>
                  <td>{formatBytes(sentBytes)}</td>
                  <td>{formatPercent(idle)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </div>
  )
}
