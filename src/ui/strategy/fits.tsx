import { useEffect, useState } from 'react'
import type { RunConfig } from '../../config/types.ts'
import type { Fit } from '../../state/fits.ts'
import { findFits } from '../../state/fits.ts'
import { formatBytes } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import styles from './strategy.module.css'

/** Over the memory budget: the strategies that stay within it, each a click away. */
export function Fits() {
  const page = usePage()
  const text = useText()
  const over = useSlice(page.plan, ({ plan, problem }) => plan?.overBudget != null && problem === plan.overBudget)
  const config = useSlice(page.plan, (state) => state.config)
  const [found, setFound] = useState<{ readonly config: RunConfig; readonly fits: readonly Fit[] } | null>(null)
  useEffect(() => {
    if (!over || config === null) return
    let open = true
    void findFits(page.session, page.draft.getState().draft, config, () => open).then((fits) => {
      if (open) setFound({ config, fits })
    })
    return () => {
      open = false
    }
  }, [page, over, config])
  if (!over) return null
  const fits = found?.config === config ? found.fits : null
  return (
    <section className={styles.fits} aria-label={text.fits} role="status">
      {fits === null && <p>{text.fitsSearching}</p>}
      {fits?.length === 0 && <p>{text.fitsNothing}</p>}
      {fits?.map(({ id, draft, peak }) => (
        <p key={id}>
          <span className="predicted">{text.fitNeeds(text.strategies[id].name, formatBytes(peak))}</span>
          <button
            type="button"
            aria-label={text.fitUse(text.strategies[id].name)}
            onClick={() => page.draft.replace(draft)}
          >
            {text.fit}
          </button>
        </p>
      ))}
    </section>
  )
}
