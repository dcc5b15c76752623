import { useRef } from 'react'
import controls from '../controls/controls.module.css'
import { usePage, useSlice } from '../page-context.ts'
import { useProblemText } from '../text/problem-text.ts'
import { useText } from '../text/use-text.ts'
import { concerns, useProblems } from '../use-problems.ts'

/** A text of the user's own: the one that the configuration names. */
export function OwnText() {
  const page = usePage()
  const text = useText()
  const say = useProblemText()
  const input = useRef<HTMLInputElement>(null)
  const name = useSlice(page.draft, (state) => state.config.data.text)
  const failure = useSlice(page.files, (state) => state.failure)
  const why = [...(failure ? [failure] : []), ...useProblems()].find((each) => concerns(each, 'data.text'))
  const take = async (file: File | undefined) => {
    if (!file || !(await page.files.takeText(file))) return
    const { draft } = page.draft.getState()
    page.draft.replace({ ...draft, data: { text: file.name } })
  }
  return (
    <div className={controls.field}>
      <label htmlFor="own-text">{text.ownText}</label>
      <button type="button" onClick={() => input.current?.click()}>
        {name ?? text.chooseFile}
      </button>
      {name === null ? (
        <span />
      ) : (
        <button
          type="button"
          className={controls.reset}
          aria-label={`${text.reset}: ${text.ownText}`}
          title={text.reset}
          onClick={() => page.draft.reset('data.text')}
        >
          ↺
        </button>
      )}
      <input
        ref={input}
        id="own-text"
        type="file"
        accept="text/*,.txt,.md"
        hidden
        onChange={(event) => {
          void take(event.target.files?.[0])
          // The same file again, changed meanwhile, is a choice as well.
          event.target.value = ''
        }}
      />
      {why && (
        <p className={controls.problem} role="alert">
          {say(why)}
        </p>
      )}
    </div>
  )
}
