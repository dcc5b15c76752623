import { useId } from 'react'
import type { RunConfig } from '../../config/types.ts'
import controls from '../controls/controls.module.css'
import { usePage, useSlice } from '../page-context.ts'
import { NumberBox } from './number-box.tsx'
import type { SimulateText } from './text-en.ts'

const RANK = { kind: 'number', min: 0, max: 65_535, nullable: true } as const
const SLOWDOWN = { kind: 'number', min: 1, max: 1000, fraction: true } as const
/** Default slowdown of a rank. */
const FIRST_SLOWDOWN = 2

type Straggler = RunConfig['cluster']['stragglers'][number]

/** The first slow rank, editable; others, which can only come from a link, are kept. */
function useStraggler(): readonly [first: Straggler | undefined, set: (first: Straggler | null) => void] {
  const { simulation } = usePage()
  const [first, ...others] = useSlice(simulation, (state) => state.config.cluster.stragglers)
  const set = (next: Straggler | null) => {
    const all = (next === null ? others : [next, ...others]).map((each) => ({ ...each }))
    if (all.length === 0) simulation.reset('cluster.stragglers')
    else simulation.set('cluster.stragglers', all)
  }
  return [first, set]
}

export function StragglerRank({
  id,
  invalid,
  text,
}: {
  readonly id: string
  readonly invalid: object
  readonly text: SimulateText
}) {
  const [first, set] = useStraggler()
  return (
    <NumberBox
      key={first?.rank}
      id={id}
      spec={RANK}
      value={first?.rank}
      none={text.none}
      set={(rank) => {
        if (typeof rank !== 'number') set(null)
        else if (rank >= RANK.min) set({ rank, slowdown: first?.slowdown ?? FIRST_SLOWDOWN })
      }}
      invalid={invalid}
    />
  )
}

/** The slowdown field; hidden without a slow rank. */
export function Slowdown({ text }: { readonly text: SimulateText }) {
  const id = useId()
  const [first, set] = useStraggler()
  if (!first) return null
  return (
    <div className={controls.field}>
      <label htmlFor={id}>{text.slowdown}</label>
      <NumberBox
        key={first.slowdown}
        id={id}
        spec={SLOWDOWN}
        value={first.slowdown}
        none={text.none}
        set={(slowdown) => {
          if (typeof slowdown === 'number' && slowdown >= SLOWDOWN.min) set({ rank: first.rank, slowdown })
        }}
        invalid={{}}
      />
      <span />
    </div>
  )
}
