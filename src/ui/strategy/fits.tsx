import { useEffect, useState } from 'react'
import { faultOf } from '../../core/errors.ts'
import type { Fault } from '../../core/fault.ts'
import type { RunConfig } from '../../config/types.ts'
import type { MemoryChange, FitSearch, FitAttempt } from '../../state/fits.ts'
import { findFits } from '../../state/fits.ts'
import type { PlannedRank } from '../../state/session.ts'
import { formatBytes } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import type { Text } from '../text/text.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import styles from './strategy.module.css'
import { STRATEGY_TEXT } from './text.ts'
import type { StrategyText } from './text.ts'

type Outcome = { readonly config: RunConfig } & (
  { readonly kind: 'found'; readonly found: FitSearch } | { readonly kind: 'failed'; readonly fault: Fault }
)

/** Over the memory budget: which device needs most, and changes that fit, each applied by a click. */
export function Fits({ onTaken }: { readonly onTaken: () => void }) {
  const page = usePage()
  const words = useText()
  const faultLine = useFaultLine()
  const text = STRATEGY_TEXT[useSlice(page.settings, (state) => state.language)]
  const { plan, problem, config } = useSlice(page.plan, (state) => state)
  const over = plan?.overBudget != null && problem === plan.overBudget
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  useEffect(() => {
    if (!over || config === null) return
    const ending = new AbortController()
    findFits(page.session, page.draft.getState().draft, config, ending.signal).then(
      (found) => setOutcome({ config, kind: 'found', found }),
      (error: unknown) => {
        if (ending.signal.aborted) return
        setOutcome({ config, kind: 'failed', fault: faultOf(error) })
      },
    )
    return () => ending.abort()
  }, [page, over, config])
  const budget = config?.cluster.memoryBytes
  if (!over || budget == null) return null
  const fullest = fullestOf(plan.ranks)
  const now = outcome?.config === config ? outcome : null
  return (
    <section className={styles.fits} aria-label={text.fits} role="status">
      {fullest && (
        <p className={styles.over}>
          <span className="predicted">
            {text.over(String(fullest.rank), formatBytes(fullest.peak.total), formatBytes(budget))}
          </span>
        </p>
      )}
      {now === null && <p>{text.searching}</p>}
      {now?.kind === 'failed' && <p>{text.failed(faultLine(now.fault))}</p>}
      {now?.kind === 'found' && now.found.fits.length === 0 && <p>{nothingOf(now.found, text, words)}</p>}
      {now?.kind === 'found' &&
        now.found.fits.map(({ changes, draft, peak }) => {
          const name = nameOf(changes, text, words)
          return (
            <p key={name}>
              <span className="predicted">{text.needs(name, formatBytes(peak))}</span>
              <button
                type="button"
                aria-label={text.takeNamed(name)}
                onClick={() => {
                  onTaken()
                  page.draft.replace(draft)
                }}
              >
                {text.take}
              </button>
            </p>
          )
        })}
    </section>
  )
}

/** Devices only; host memory has no budget. */
function fullestOf(ranks: readonly PlannedRank[]): PlannedRank | undefined {
  const [first, ...rest] = ranks.filter(({ device }) => device === 'gpu')
  return first && rest.reduce((most, each) => (each.peak.total > most.peak.total ? each : most), first)
}

function wordsOf(change: MemoryChange, text: StrategyText, words: Text): string {
  switch (change.kind) {
    case 'recompute':
      return text.recompute[change.to]
    case 'microbatches':
      return text.microbatches(String(change.to))
    case 'offload':
      return text.offload
    case 'strategy':
      return words.strategies[change.to].name
  }
}

const nameOf = (changes: readonly MemoryChange[], text: StrategyText, words: Text) =>
  changes.map((change) => wordsOf(change, text, words)).join(text.together)

/** Claims no more than what was tried. */
function nothingOf({ tried }: FitSearch, text: StrategyText, words: Text): string {
  const single = tried.filter(({ changes }) => changes.length === 1)
  const names = single.map(({ changes }) => nameOf(changes, text, words)).join(text.list)
  const together = tried.length - single.length
  const known = tried.filter((each): each is FitAttempt & { readonly peak: number } => each.peak !== null)
  const [least] = known.toSorted((a, b) => a.peak - b.peak)
  return [
    text.nothing(names),
    ...(together > 0 ? [text.nothingTogether(String(together))] : []),
    ...(least ? [text.least(nameOf(least.changes, text, words), formatBytes(least.peak))] : []),
    text.instead,
  ].join(' ')
}
