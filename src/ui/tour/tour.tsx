import { useEffect, useRef, useState } from 'react'
import { Popover } from 'radix-ui'
import { isActive } from '../../state/run-state.ts'
import { TOUR_STEPS } from '../../state/settings-store.ts'
import { usePage, useSlice } from '../page-context.ts'
import button from '../theme/button.module.css'
import { TOUR_TEXT } from './text.ts'
import styles from './tour.module.css'

/** Width of a step's box and its distance. */
const ROOM = 360

/** The tour, one step at a time, next to the part of the page it explains. */
export default function Tour() {
  const page = usePage()
  const language = useSlice(page.settings, (state) => state.language)
  const at = useSlice(page.settings, (state) => state.tourStep)
  const place = useSlice(page.view, (state) => state.place)
  const training = useSlice(page.run, ({ phase }) => isActive(phase))
  const text = TOUR_TEXT[language]
  const name = TOUR_STEPS[at] ?? TOUR_STEPS[0]
  const target = useTarget(name, place)
  // The step that asks for a start is done when a run has begun.
  const wasTraining = useRef(training)
  useEffect(() => {
    if (name === 'start' && training && !wasTraining.current) page.settings.setState({ tourStep: at + 1 })
    wasTraining.current = training
  }, [page, name, at, training])
  if (target === null) return null
  const last = at >= TOUR_STEPS.length - 1
  const go = (step: number) => page.settings.setState({ tourStep: Math.max(0, Math.min(TOUR_STEPS.length - 1, step)) })
  const leave = () => page.view.setState({ tour: false })
  const done = () => {
    page.settings.setState({ tour: 'done', tourStep: 0 })
    leave()
  }
  const { title, body } = text.steps[name]
  return (
    <Popover.Root open>
      <Popover.Anchor virtualRef={{ current: target }} />
      <Popover.Portal>
        <Popover.Content
          key={name}
          className={styles.step}
          side={isBeside(name, target) ? 'right' : 'bottom'}
          sideOffset={10}
          collisionPadding={8}
          aria-labelledby="tour-title"
          aria-describedby="tour-body"
          onEscapeKeyDown={leave}
          onInteractOutside={(event) => event.preventDefault()}
          onKeyDown={(event) => {
            if (event.key === 'ArrowRight' && !last) go(at + 1)
            if (event.key === 'ArrowLeft') go(at - 1)
          }}
        >
          <p className={styles.progress}>{text.progress(String(at + 1), String(TOUR_STEPS.length))}</p>
          <h2 id="tour-title">{title}</h2>
          <p id="tour-body">{body}</p>
          <div className={styles.buttons}>
            <button type="button" className={button.button} onClick={leave}>
              {text.leave}
            </button>
            <span />
            {at > 0 && (
              <button type="button" className={button.button} onClick={() => go(at - 1)}>
                {text.back}
              </button>
            )}
            <button
              type="button"
              className={styles.next}
              ref={(element) => element?.focus({ preventScroll: true })}
              onClick={() => (last ? done() : go(at + 1))}
            >
              {last ? text.done : text.next}
            </button>
          </div>
          <Popover.Arrow className={styles.arrow} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

/** The step explains the parameters below the strategies: beside them, where there is room, nothing is covered. */
function isBeside(name: string, target: Element): boolean {
  return name === 'strategy' && target.getBoundingClientRect().right + ROOM <= window.innerWidth
}

/** The element a step explains, outlined while the step is open. */
function useTarget(name: string, place: string): Element | null {
  const [target, setTarget] = useState<Element | null>(null)
  useEffect(() => {
    // Parts of the page are loaded later: the element may appear a moment after.
    let frame = 0
    let ringed: Element | null = null
    const find = () => {
      ringed = document.querySelector(`[data-tour="${name}"]`)
      if (ringed === null) {
        frame = requestAnimationFrame(find)
        return
      }
      ringed.setAttribute('data-ringed', '')
      ringed.scrollIntoView({ block: 'nearest' })
      setTarget(ringed)
    }
    find()
    return () => {
      cancelAnimationFrame(frame)
      ringed?.removeAttribute('data-ringed')
    }
  }, [name, place])
  return target
}
