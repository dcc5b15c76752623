import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './strategy.module.css'

/** Shown while planning takes long, with a way to cancel it; afterwards with a way to retry. */
export function Planning() {
  const { plan } = usePage()
  const text = useText()
  const { computing, problem } = useSlice(plan, (state) => state)
  const stopped = computing === false && problem !== null && problem.field === undefined
  return (
    <div aria-live="polite">
      {(computing === 'long' || stopped) && (
        <div className={styles.pending} data-testid="planning">
          <span>{stopped ? text.notPlanned : text.planning}</span>
          <button type="button" className={button.button} onClick={() => (stopped ? plan.replan() : plan.cancel())}>
            {stopped ? text.planAgain : text.cancel}
          </button>
        </div>
      )}
    </div>
  )
}
