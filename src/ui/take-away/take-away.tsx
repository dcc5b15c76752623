import { useId, useRef, useState } from 'react'
import { lazyPart } from '../part/lazy-part.tsx'
import { useText } from '../text/use-text.ts'
import control from '../theme/button.module.css'
import styles from './take-away.module.css'

const TakeAwayList = lazyPart(() => import('./take-away-list.tsx'))

const GAP = 6
/** Width of the menu on wide screens, and its margin to the screen's edges. */
const WIDTH = 440
const MARGIN = 8

/** The button that opens the menu of files; its content is loaded on first use. */
export function TakeAway() {
  const text = useText()
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const [below, setBelow] = useState({ top: 0, right: 0 })
  const place = () => {
    const box = button.current?.getBoundingClientRect()
    if (!box) return
    const { clientWidth } = document.documentElement
    const room = clientWidth - Math.min(WIDTH, clientWidth - 2 * MARGIN) - MARGIN
    setBelow({ top: box.bottom + GAP, right: Math.max(MARGIN, Math.min(room, clientWidth - box.right)) })
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        className={control.button}
        data-tour="take"
        popoverTarget={id}
        aria-haspopup="dialog"
        aria-expanded={open}
      >
        {text.takeAway}
      </button>
      <div
        id={id}
        popover="auto"
        role="dialog"
        aria-label={text.takeAway}
        className={styles.menu}
        style={{
          top: below.top,
          right: below.right,
          width: `min(${WIDTH}px, 100vw - ${2 * MARGIN}px)`,
          maxHeight: `calc(100dvh - ${below.top + MARGIN}px)`,
        }}
        onBeforeToggle={(event) => event.newState === 'open' && place()}
        onToggle={(event) => setOpen(event.newState === 'open')}
      >
        {open && <TakeAwayList waiting={<p aria-busy="true">…</p>} />}
      </div>
    </>
  )
}
