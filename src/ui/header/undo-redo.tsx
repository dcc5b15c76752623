import { ACTIONS, editedStore } from '../../state/actions.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './header.module.css'

const SIGNS = { undo: '↶', redo: '↷' } as const

/** Undo and redo of the current place; a disabled one says why. */
export function UndoRedo() {
  const page = usePage()
  const text = useText()
  const place = useSlice(page.view, (state) => state.place)
  const edited = editedStore(page, place)
  const past = useSlice(edited, (state) => state.past.length)
  const future = useSlice(edited, (state) => state.future.length)
  const possible = { undo: past > 0, redo: future > 0 }
  return (
    <div className={styles.history} role="group" aria-label={text.history}>
      {(['undo', 'redo'] as const).map((name) => (
        <button
          key={name}
          type="button"
          className={button.square}
          aria-label={text[name]}
          aria-disabled={!possible[name]}
          title={possible[name] ? text[name] : text.nothingTo[name]}
          onClick={() => ACTIONS[name].enabled(page) && ACTIONS[name].run(page)}
        >
          <span aria-hidden="true">{SIGNS[name]}</span>
        </button>
      ))}
    </div>
  )
}
