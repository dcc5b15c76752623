import controls from '../controls/controls.module.css'
import { FileField } from '../controls/file-field.tsx'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultText } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import { isAbout, useProblems } from '../use-problems.ts'

/** The user's own text, as named by the configuration. */
export function OwnText() {
  const page = usePage()
  const text = useText()
  const faultText = useFaultText()
  const name = useSlice(page.draft, (state) => state.config.data.text)
  const failure = useSlice(page.files, (state) => state.failure)
  const why = [...(failure ? [failure] : []), ...useProblems()].find((each) => isAbout(each, 'data.text'))
  const take = async (file: File) => {
    if (!(await page.files.loadText(file))) return
    const { draft } = page.draft.getState()
    page.draft.replace({ ...draft, data: { text: file.name } })
  }
  return (
    <FileField
      id="own-text"
      label={text.ownText}
      name={name}
      none={text.chooseFile}
      accept="text/*,.txt,.md"
      onTake={(file) => void take(file)}
      onReset={() => page.draft.reset('data.text')}
    >
      {why && (
        <p className={controls.problem} role="alert">
          {faultText(why)}
        </p>
      )}
    </FileField>
  )
}
