import { useState } from 'react'
import type { DraftValue } from '../../state/draft-path.ts'
import type { SimulationField } from '../../state/simulation-fields.ts'

/** Commits on Enter, on blur, and by its arrows. */
export function NumberBox({
  id,
  spec: { min, max, scale = 1, fraction = false, nullable = false },
  value,
  none,
  set,
  invalid,
}: {
  readonly id: string
  readonly spec: Extract<SimulationField, { kind: 'number' }>
  readonly value: unknown
  /** Placeholder of an empty box. */
  readonly none: string
  readonly set: (value: DraftValue) => void
  readonly invalid: object
}) {
  const shown = typeof value === 'number' ? String(Number((value / scale).toPrecision(6))) : ''
  const [typed, setTyped] = useState(shown)
  const commit = (now: string) => {
    if (now === shown) return
    if (now.trim() === '') {
      if (nullable) set(null)
      else setTyped(shown)
      return
    }
    const number = Number(now) * scale
    if (Number.isFinite(number)) set(fraction ? number : Math.round(number))
  }
  return (
    <input
      id={id}
      type="number"
      min={min}
      max={max}
      step={scale === 1 && !fraction ? 1 : 'any'}
      value={typed}
      placeholder={nullable ? none : ''}
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
