import { lazy, Suspense } from 'react'
import { Dialog } from 'radix-ui'
import { ACTIONS } from '../../state/actions.ts'
import type { ActionName } from '../../state/actions.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import styles from './shortcuts.module.css'

const ResumeTour = lazy(() => import('../tour/resume-tour.tsx'))

/** The list that "?" opens. */
export function Shortcuts() {
  const page = usePage()
  const text = useText()
  const open = useSlice(page.view, (state) => state.dialog === 'shortcuts')
  return (
    <Dialog.Root open={open} onOpenChange={(next) => page.view.setState({ dialog: next ? 'shortcuts' : null })}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.overlay} />
        <Dialog.Content className={styles.dialog} aria-describedby={undefined}>
          <Dialog.Title className={styles.title}>{text.help}</Dialog.Title>
          <dl>
            {(Object.keys(ACTIONS) as ActionName[]).map((name) => (
              <div key={name}>
                <dt>{text.shortcuts[name]}</dt>
                <dd>
                  <kbd>{ACTIONS[name].keys[0] === ' ' ? text.space : ACTIONS[name].keys[0]}</kbd>
                </dd>
              </div>
            ))}
          </dl>
          <Suspense fallback={null}>{open && <ResumeTour />}</Suspense>
          <Dialog.Close className={styles.close}>{text.close}</Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
