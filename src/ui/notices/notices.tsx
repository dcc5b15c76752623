import { kindOf } from '../../core/fault.ts'
import type { FaultKind } from '../../core/fault-table.ts'
import { canStart, startShownRun } from '../../state/actions.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { RetryButtons } from '../part/lazy-part.tsx'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './notices.module.css'

/** What prevents the page from training, in full: no WebGPU, no adapter, a slow one, or a failed run. */
export function Notices() {
  const page = usePage()
  const text = useText()
  const faultLine = useFaultLine()
  const failure = useSlice(page.run, (state) => state.failure)
  const found = useSlice(page.adapters, (state) => state)
  const missing = found === null || found.kind === 'ok' ? null : found.kind
  // A start waits for the plan of what is on screen.
  useSlice(page.plan, (state) => state)
  useSlice(page.draft, (state) => state)
  useSlice(page.files, (state) => state)
  const startable = canStart(page)
  const software = found?.kind === 'ok' && found.adapters.every((adapter) => adapter.software)
  const kind: FaultKind | 'unknown' | null = failure ? kindOf(failure) : missing
  const unknown = found?.kind === 'unknown' && !failure ? found : null
  if (kind === null)
    return (
      <div className={styles.none}>
        {software && (
          <p className={styles.note}>
            {text.software}: {text.softwareAdvice}
          </p>
        )}
        {!crossOriginIsolated && <p className={styles.note}>{text.notIsolated}</p>}
      </div>
    )
  return (
    <div className={styles.failure} role="alert">
      <strong>
        {text.failures[kind].title}
        {failure?.rank !== undefined && ` · ${text.onRank(failure.rank)}`}
      </strong>
      {failure && <p className={styles.message}>{faultLine(failure)}</p>}
      {unknown && <p className={styles.message}>{faultLine(unknown.fault)}</p>}
      <p>{text.failures[kind].advice}</p>
      {missing !== null && (
        <div className={styles.actions}>
          {unknown && <RetryButtons retry={() => void page.adapters.probe()} />}
          <button type="button" className={button.button} onClick={() => page.view.setState({ place: 'simulate' })}>
            {text.simulateInstead}
          </button>
        </div>
      )}
      {failure && (
        <div className={styles.actions}>
          <button
            type="button"
            className={button.button}
            aria-disabled={!startable}
            title={startable ? undefined : text.why.invalid}
            onClick={() => startShownRun(page)}
          >
            {text.tryAgain}
          </button>
          <button type="button" className={button.button} onClick={() => page.run.dismissFailure()}>
            {text.dismiss}
          </button>
        </div>
      )}
    </div>
  )
}
