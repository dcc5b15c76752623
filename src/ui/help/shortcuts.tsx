import { Dialog } from 'radix-ui'
import { ACTIONS } from '../../state/actions.ts'
import type { ActionName } from '../../state/actions.ts'
import { usePage, useSlice } from '../page-context.ts'
import { lazyPart } from '../part/lazy-part.tsx'
import { useText } from '../text/use-text.ts'
import styles from './shortcuts.module.css'
import { HELP_TEXT } from './text.ts'

const ResumeTour = lazyPart(() => import('../tour/resume-tour.tsx'))

/** The timeline's own keys (timeline/timeline-canvas.tsx), by function. */
const TIMELINE_KEYS = {
  move: ['←', '→'],
  pan: ['Shift ←', 'Shift →'],
  zoom: ['+', '−'],
  all: ['0'],
  explain: ['Enter'],
  clear: ['Escape'],
} as const

/** The list opened by "?"; mounted while open. */
export default function Shortcuts() {
  const page = usePage()
  const text = useText()
  const own = HELP_TEXT[useSlice(page.settings, (state) => state.language)]
  return (
    <Dialog.Root open onOpenChange={() => page.view.setState({ dialog: null })}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.overlay} />
        <Dialog.Content className={styles.dialog} aria-describedby={undefined}>
          <Dialog.Title className={styles.title}>{text.help}</Dialog.Title>
          <div className={styles.groups}>
            <section>
              <h3>{own.everywhere}</h3>
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
            </section>
            <section>
              <h3>{own.timeline}</h3>
              <dl>
                {(Object.keys(TIMELINE_KEYS) as (keyof typeof TIMELINE_KEYS)[]).map((name) => (
                  <div key={name}>
                    <dt>{own.keys[name]}</dt>
                    <dd>
                      {TIMELINE_KEYS[name].map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          </div>
          <div className={styles.buttons}>
            <ResumeTour />
            <Dialog.Close className={styles.close}>{text.close}</Dialog.Close>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
