import { useId, useState } from 'react'
import type { DraftValue } from '../../state/draft-path.ts'
import { writePath } from '../../state/draft-path.ts'
import type { FieldPath, FieldSpec } from '../../state/fields.ts'
import { FIELD_SPECS, optionOf } from '../../state/fields.ts'
import { withoutStrayDraftFields } from '../../state/stray-draft-fields.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import { isAbout, useProblems } from '../use-problems.ts'
import { AdapterList, AssignmentSelect } from './adapters.tsx'
import { Slowdowns } from './slowdowns.tsx'
import styles from './controls.module.css'
import { useFaultText } from '../text/fault-text.ts'

function valueAt(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), object)
}

/** One field of the configuration with its range, its problem and a reset to the default. */
export function ConfigField({ path }: { readonly path: FieldPath }) {
  const faultText = useFaultText()
  const page = usePage()
  const text = useText()
  const id = useId()
  const { draft, config } = useSlice(page.draft, (state) => state)
  const problems = useProblems()
  const spec: FieldSpec = FIELD_SPECS[path]
  const own = valueAt(draft, path)
  const value = own === undefined ? valueAt(config, path) : own
  const problem = problems.find((each) => isAbout(each, path))
  const set = (next: DraftValue) => {
    const changed = writePath(draft, path, next)
    page.draft.replace(
      spec.kind === 'choice' || spec.kind === 'switch' ? withoutStrayDraftFields(changed, path) : changed,
    )
  }
  const invalid = problem ? { 'aria-invalid': true as const, 'aria-describedby': `${id}-problem` } : {}
  return (
    <div className={styles.field} data-wide={spec.kind === 'adapters' || undefined}>
      {spec.kind === 'slowdowns' ? (
        <span className={styles.label}>{text.fields[path]}</span>
      ) : (
        <label htmlFor={id}>
          {text.fields[path]}
          {spec.kind === 'number' && spec.unit !== undefined && text.units[spec.unit] !== '' && (
            <span className={styles.unit}>{text.units[spec.unit]}</span>
          )}
        </label>
      )}
      {spec.kind === 'choice' && (
        <select
          id={id}
          value={optionOf(spec, value)}
          onChange={(event) => set(spec.values?.[event.target.value] ?? event.target.value)}
          {...invalid}
        >
          {[...new Set([...spec.options, optionOf(spec, value)])].map((option) => (
            <option key={option} value={option}>
              {text.options[option] ?? option}
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
        <NumberBox key={String(value)} id={id} spec={spec} value={value} onChange={set} invalid={invalid} />
      )}
      {spec.kind === 'slowdowns' && <span />}
      {spec.kind === 'adapters' && <AssignmentSelect id={id} invalid={invalid} />}
      {own === undefined ? (
        <span />
      ) : (
        <button
          type="button"
          className={styles.reset}
          aria-label={`${text.reset}: ${text.fields[path]}`}
          title={text.reset}
          onClick={() => page.draft.reset(path)}
        >
          ↺
        </button>
      )}
      {spec.kind === 'slowdowns' && <Slowdowns describedBy={problem ? `${id}-problem` : undefined} />}
      {spec.kind === 'adapters' && <AdapterList />}
      {problem && (
        <p id={`${id}-problem`} className={styles.problem} role="alert">
          {faultText(problem)}
        </p>
      )}
    </div>
  )
}

/** Commits on Enter or blur, so that half-typed numbers are not refused. */
function NumberBox({
  id,
  spec,
  value,
  onChange,
  invalid,
}: {
  readonly id: string
  readonly spec: Extract<FieldSpec, { kind: 'number' }>
  readonly value: unknown
  readonly onChange: (value: DraftValue) => void
  readonly invalid: object
}) {
  const text = useText()
  const scale = spec.scale ?? 1
  const shown = typeof value === 'number' ? String(Number((value / scale).toPrecision(6))) : ''
  const [typed, setTyped] = useState(shown)
  const commit = (now: string) => {
    if (now === shown) return
    if (now.trim() === '') {
      if (spec.nullable) onChange(null)
      else setTyped(shown)
      return
    }
    const number = Number(now) * scale
    if (Number.isFinite(number)) onChange(spec.integer || scale !== 1 ? Math.round(number) : number)
  }
  return (
    <input
      id={id}
      type="number"
      min={spec.min}
      max={spec.max}
      step={spec.integer ? spec.step : 'any'}
      value={typed}
      placeholder={spec.nullable ? text.unlimited : ''}
      title={text.range(String(spec.min), String(spec.max))}
      onChange={(event) => {
        setTyped(event.target.value)
        // The spinner's arrows commit at once; typing does not.
        const native = event.nativeEvent
        if (!('inputType' in native)) commit(event.target.value)
      }}
      onBlur={(event) => commit(event.target.value)}
      onKeyDown={(event) => event.key === 'Enter' && commit(event.currentTarget.value)}
      {...invalid}
    />
  )
}
