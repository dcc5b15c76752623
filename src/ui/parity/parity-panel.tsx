import { useState } from 'react'
import { faultOf } from '../../core/errors.ts'
import type { Fault } from '../../core/fault.ts'
import type { ParityReport } from '../../cluster/run-events.ts'
import { formatTiny } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { canStart } from '../../state/actions.ts'
import { textFor } from '../../state/files-store.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './parity.module.css'

/** Largest difference at which gradients of cluster and one device count as equal. */
const SAME = 1e-5

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly report: ParityReport; readonly config: unknown }
  | { readonly kind: 'failed'; readonly fault: Fault }

/** Runs the first step on the cluster and on one device, on demand, and compares the gradients. */
export function ParityPanel() {
  const page = usePage()
  const text = useText()
  const faultLine = useFaultLine()
  const config = useSlice(page.draft, (state) => state.config)
  // It compares what is on screen, as a start would run it.
  useSlice(page.plan, (state) => state)
  useSlice(page.files, (state) => state)
  useSlice(page.adapters, (state) => state)
  const startable = canStart(page)
  const [state, setState] = useState<State>({ kind: 'idle' })
  const compare = async () => {
    setState({ kind: 'running' })
    try {
      const report = await page.session.parity(config, textFor(config, page.files.getState()))
      setState({ kind: 'done', report, config })
    } catch (error) {
      setState({ kind: 'failed', fault: faultOf(error) })
    }
  }
  const report = state.kind === 'done' && state.config === config ? state.report : null
  const same = report !== null && report.worst.relativeDifference <= SAME
  return (
    <section className={styles.parity} aria-label={text.parity}>
      <div className={styles.row}>
        <strong>{text.parity}</strong>
        <button
          type="button"
          className={button.button}
          onClick={() => void compare()}
          disabled={state.kind === 'running' || !startable}
          title={startable ? undefined : text.why.invalid}
        >
          {text.parityCheck}
        </button>
      </div>
      <div role="status">
        {state.kind === 'running' && <p>{text.parityRunning}</p>}
        {state.kind === 'failed' && <p className={styles.bad}>{text.parityFailed(faultLine(state.fault))}</p>}
        {report && (
          <p className={same ? styles.good : styles.bad} title={text.parityLimit}>
            {same ? text.paritySame : text.parityDiffers} {formatTiny(report.worst.relativeDifference)}{' '}
            {same ? '✓' : '✗'}
            <br />
            <small>
              {text.parityWorst(report.worst.name)} · {text.parityLoss(formatTiny(report.lossDifference))}
            </small>
          </p>
        )}
      </div>
      {report && (
        <details>
          <summary>{text.table}</summary>
          <table className={styles.table}>
            <thead>
              <tr>
                <th>{text.tensor}</th>
                <th>{text.difference}</th>
              </tr>
            </thead>
            <tbody>
              {report.tensors.map(({ name, relativeDifference }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td>{formatTiny(relativeDifference)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  )
}
