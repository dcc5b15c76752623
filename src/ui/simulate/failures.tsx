import { useId } from 'react'
import type { RunConfig } from '../../config/types.ts'
import controls from '../controls/controls.module.css'
import { usePage, useSlice } from '../page-context.ts'
import { NumberBox } from './number-box.tsx'
import type { SimulateText } from './text-en.ts'

type Reliability = NonNullable<RunConfig['reliability']>

/** Mean time between failures of a device as jobs on 1,024 A100 saw it (7.9 h for all, arXiv:2410.21680); a restart of
 *  some minutes; storage that takes 10 GB/s. */
const FIRST: Reliability = { hoursBetweenFailures: 8090, writeGBps: 10, restartSeconds: 300 }

const NUMBERS = {
  hoursBetweenFailures: { kind: 'number', min: 1, max: 1e9, fraction: true },
  writeGBps: { kind: 'number', min: 0.001, max: 1e6, fraction: true },
  restartSeconds: { kind: 'number', min: 0, max: 1e6, fraction: true },
} as const satisfies Readonly<Record<keyof Reliability, object>>

export function FailuresSwitch({ id, invalid }: { readonly id: string; readonly invalid: object }) {
  const { simulation } = usePage()
  const reliability = useSlice(simulation, (state) => state.config.reliability)
  return (
    <input
      id={id}
      type="checkbox"
      checked={reliability !== null}
      onChange={(event) =>
        event.target.checked ? simulation.set('reliability', { ...FIRST }) : simulation.reset('reliability')
      }
      {...invalid}
    />
  )
}

/** How often devices fail and what that costs; hidden while failures are not simulated. */
export function FailureNumbers({ text }: { readonly text: SimulateText }) {
  const { simulation } = usePage()
  const id = useId()
  const reliability = useSlice(simulation, (state) => state.config.reliability)
  if (reliability === null) return null
  return (Object.keys(NUMBERS) as (keyof Reliability)[]).map((key) => (
    <div key={key} className={controls.field}>
      <label htmlFor={`${id}-${key}`}>{text.failures[key]}</label>
      <NumberBox
        key={reliability[key]}
        id={`${id}-${key}`}
        spec={NUMBERS[key]}
        value={reliability[key]}
        none={text.none}
        set={(value) => {
          if (typeof value === 'number') simulation.set('reliability', { ...reliability, [key]: value })
        }}
        invalid={{}}
      />
      <span />
    </div>
  ))
}
