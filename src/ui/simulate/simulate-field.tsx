import { useId, useState } from 'react'
import type { DraftValue } from '../../state/draft-path.ts'
import { readPath } from '../../state/draft-path.ts'
import type { SimulationField, SimulationPath } from '../../state/simulation-fields.ts'
import controls from '../controls/controls.module.css'
import { usePage, useSlice } from '../page-context.ts'
import type { SimulateText } from './text.ts'
import { useProblemText } from '../text/problem-text.ts'

/** One field of the simulated configuration, its refusal beside it, and the way back to the default. */
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
  const say = useProblemText()
  const { draft, config, problem } = useSlice(simulation, (state) => state)
  const own = readPath(draft, path)
  const value = own ?? readPath(config, path)
  const chosen = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const wrong = problem !== null && (problem.field === path || problem.field.startsWith(`${path}.`))
  const invalid = wrong ? { 'aria-invalid': true as const, 'aria-describedby': `${id}-problem` } : {}
  const set = (next: DraftValue) => simulation.set(path, next)
  return (
    <div className={controls.field}>
      <label htmlFor={id}>{text.fields[path]}</label>
      {spec.kind === 'choice' && (
        <select
          id={id}
          value={chosen}
          onChange={(event) => set(spec.numeric ? Number(event.target.value) : event.target.value)}
          {...invalid}
        >
          {[...new Set([...spec.options, chosen])].map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      )}
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
        <NumberBox key={String(value)} id={id} spec={spec} value={value} none={text.none} set={set} invalid={invalid} />
      )}
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
          {say(problem)}
        </p>
      )}
    </div>
  )
}

/** Commits on Enter, when left, and by its arrows. */
function NumberBox({
  id,
  spec,
  value,
  none,
  set,
  invalid,
}: {
  readonly id: string
  readonly spec: Extract<SimulationField, { kind: 'number' }>
  readonly value: unknown
  readonly none: string
  readonly set: (value: DraftValue) => void
  readonly invalid: object
}) {
  const scale = spec.scale ?? 1
  const shown = typeof value === 'number' ? String(Number((value / scale).toPrecision(6))) : ''
  const [typed, setTyped] = useState(shown)
  const commit = (now: string) => {
    if (now === shown) return
    if (now.trim() === '') {
      if (spec.nullable) set(null)
      else setTyped(shown)
      return
    }
    const number = Number(now) * scale
    if (Number.isFinite(number)) set(Math.round(number))
  }
  return (
    <input
      id={id}
      type="number"
      min={spec.min}
      max={spec.max}
      step={scale === 1 ? 1 : 'any'}
      value={typed}
      placeholder={spec.nullable ? none : ''}
      onChange={(event) => {
        setTyped(event.target.value)
        if (!('inputType' in event.nativeEvent)) commit(event.target.value)
      }}
      onBlur={(event) => commit(event.target.value)}
      onKeyDown={(event) => event.key === 'Enter' && commit(event.currentTarget.value)}
      {...invalid}
    />
  )
}
