import { canStart, startShownRun } from '../../state/actions.ts'
import { wasStartedWith } from '../../state/files-store.ts'
import { isActive } from '../../state/run-state.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './strategy.module.css'

/**
 * Shown while the panel differs from the running configuration: when the change applies, and a button to apply it now.
 */
export function PendingChange({ onTaken }: { readonly onTaken: () => void }) {
  const page = usePage()
  const text = useText()
  const { phase, config: running, sources } = useSlice(page.run, (state) => state)
  const files = useSlice(page.files, (state) => state)
  const { config } = useSlice(page.draft, (state) => state)
  // A start waits for the plan of what is on screen.
  useSlice(page.plan, (state) => state)
  const differs =
    isActive(phase) && (JSON.stringify(running) !== JSON.stringify(config) || !wasStartedWith(sources, config, files))
  const startable = canStart(page)
  const restart = () => {
    if (!startable) return
    onTaken()
    startShownRun(page)
  }
  return (
    <div aria-live="polite">
      {differs && (
        <div className={styles.pending}>
          <span>{text.running}</span>
          <button
            type="button"
            className={button.button}
            aria-disabled={!startable}
            title={startable ? undefined : text.why.invalid}
            onClick={restart}
          >
            {text.restart}
          </button>
        </div>
      )}
    </div>
  )
}
