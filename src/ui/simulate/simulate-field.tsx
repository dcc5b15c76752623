import { useId } from 'react'
import type { DraftValue } from '../../state/draft-path.ts'
import { readPath, writePath } from '../../state/draft-path.ts'
import { optionOf } from '../../state/fields.ts'
import type { SimulationField, SimulationPath } from '../../state/simulation-fields.ts'
import { withoutStrayDraftFields } from '../../state/stray-draft-fields.ts'
import controls from '../controls/controls.module.css'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultText } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import { isAbout } from '../use-problems.ts'
import { FailureNumbers, FailuresSwitch } from './failures.tsx'
import { NumberBox } from './number-box.tsx'
import { optionName } from './option-name.ts'
import { Slowdown, StragglerRank } from './straggler.tsx'
import type { SimulateText } from './text-en.ts'

/** One field of the simulated configuration, with its refusal and a reset to the default. */
export function SimulateField({
  path,
  spec,
  text,
}: {
  readonly path: SimulationPath
  readonly spec: SimulationField
  readonly text: SimulateText
}) {
  const { simulation } = usePage()
  const id = useId()
  const faultText = useFaultText()
  const { draft, config, problem } = useSlice(simulation, (state) => state)
  const own = readPath(draft, path)
  const value = own ?? readPath(config, path)
  const wrong = problem !== null && isAbout(problem, path)
  const invalid = wrong ? { 'aria-invalid': true as const, 'aria-describedby': `${id}-problem` } : {}
  const set = (next: DraftValue) => {
    // A preset is a whole shape: changes to the previous one are dropped.
    if (path === 'model.preset') simulation.set('model', { preset: next })
    else if (spec.kind === 'choice' || spec.kind === 'switch')
      simulation.replace(withoutStrayDraftFields(writePath(draft, path, next), path))
    else simulation.set(path, next)
  }
  return (
    <>
      <div className={controls.field}>
        <label htmlFor={id}>{text.fields[path]}</label>
        {spec.kind === 'choice' && <Choice id={id} spec={spec} value={value} set={set} invalid={invalid} text={text} />}
        {spec.kind === 'switch' && (
          <input
            id={id}
            type="checkbox"
            checked={value === true}
            onChange={(event) => set(event.target.checked)}
            {...invalid}
          />
        )}
        {spec.kind === 'number' && (
          <NumberBox
            key={String(value)}
            id={id}
            spec={spec}
            value={value}
            none={text.none}
            set={set}
            invalid={invalid}
          />
        )}
        {spec.kind === 'straggler' && <StragglerRank id={id} invalid={invalid} text={text} />}
        {spec.kind === 'failures' && <FailuresSwitch id={id} invalid={invalid} />}
        {own === undefined ? (
          <span />
        ) : (
          <button
            type="button"
            className={controls.reset}
            aria-label={`${text.reset}: ${text.fields[path]}`}
            title={text.reset}
            onClick={() => simulation.reset(path)}
          >
            ↺
          </button>
        )}
        {wrong && (
          <p id={`${id}-problem`} className={controls.problem} role="alert">
            {faultText(problem)}
          </p>
        )}
      </div>
      {spec.kind === 'straggler' && <Slowdown text={text} />}
      {spec.kind === 'failures' && <FailureNumbers text={text} />}
    </>
  )
}

function Choice({
  id,
  spec,
  value,
  set,
  invalid,
  text,
}: {
  readonly id: string
  readonly spec: Extract<SimulationField, { kind: 'choice' }>
  readonly value: unknown
  readonly set: (value: DraftValue) => void
  readonly invalid: object
  readonly text: SimulateText
}) {
  const page = useText()
  // A custom shape has no preset.
  const chosen = value === null ? '' : optionOf(spec, value)
  return (
    <select
      id={id}
      value={chosen}
      onChange={(event) => set(spec.values?.[event.target.value] ?? event.target.value)}
      {...invalid}
    >
      {[...new Set([...spec.options, chosen])].map((option) => (
        <option key={option} value={option}>
          {option === '' ? page.ownShape : optionName(option, spec, text, page)}
        </option>
      ))}
    </select>
  )
}
