import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './strategy.module.css'

/** While planning takes long: that it goes on, and the way to end it; where it came to nothing, the way to try it again. */
export function Planning() {
  const { plan } = usePage()
  const text = useText()
  const { computing, problem } = useSlice(plan, (state) => state)
  const stopped = computing === false && problem?.field === ''
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
