import type { RunConfig } from '../../config/types.ts'
import { ranksOf } from '../../state/fields.ts'
import { MAX_RANKS } from '../../state/plan-size.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import styles from './controls.module.css'

const MAX_SLOWDOWN = 10
const STEP = 0.5

function slowdownOf({ cluster }: RunConfig, rank: number): number {
  return cluster.stragglers.find((each) => each.rank === rank)?.slowdown ?? 1
}

/** A number per rank: 1 is full speed. Only slow ranks are stored. */
export function Slowdowns({ describedBy }: { readonly describedBy: string | undefined }) {
  const page = usePage()
  const text = useText()
  const { config, draft } = useSlice(page.draft, (state) => state)
  // Beyond what the page trains on, the configuration is refused and ranks have no controls.
  const ranks = Array.from({ length: Math.min(ranksOf(draft), MAX_RANKS) }, (_, rank) => rank)
  const set = (rank: number, slowdown: number) => {
    if (!(slowdown >= 1 && slowdown <= MAX_SLOWDOWN)) return
    const others = config.cluster.stragglers.filter((each) => each.rank !== rank && each.rank < ranks.length)
    const all = slowdown === 1 ? others : [...others, { rank, slowdown }].sort((a, b) => a.rank - b.rank)
    if (all.length === 0) page.draft.reset('cluster.stragglers')
    else
      page.draft.set(
        'cluster.stragglers',
        all.map((each) => ({ ...each })),
      )
  }
  return (
    <div className={styles.perRank}>
      {ranks.map((rank) => (
        <label key={rank}>
          {rank}
          <input
            type="number"
            min={1}
            max={MAX_SLOWDOWN}
            step={STEP}
            value={slowdownOf(config, rank)}
            aria-label={text.slowdownOf(rank)}
            aria-describedby={describedBy}
            onChange={(event) => set(rank, Number(event.target.value))}
          />
          ×
        </label>
      ))}
    </div>
  )
}
