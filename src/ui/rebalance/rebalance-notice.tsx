import { useState } from 'react'
import { faultOf } from '../../core/errors.ts'
import type { Fault } from '../../core/fault.ts'
import { resumeFrom } from '../../state/checkpoint-store.ts'
import { rebalance, withSplit } from '../../state/rebalance.ts'
import type { Rebalance } from '../../state/rebalance.ts'
import { significant } from '../format.ts'
import button from '../theme/button.module.css'
import notices from '../notices/notices.module.css'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { REBALANCE_TEXT } from './text.ts'

/** Reports an uneven measured load and offers a better split; if accepted, training continues from the same weights. */
export default function RebalanceNotice() {
  const page = usePage()
  const text = REBALANCE_TEXT[useSlice(page.settings, (settings) => settings.language)]
  const faultLine = useFaultLine()
  const { phase, config, plan, ranks } = useSlice(page.run, (state) => state)
  const [refused, setRefused] = useState<unknown>(null)
  const [moving, setMoving] = useState(false)
  const [failure, setFailure] = useState<Fault | null>(null)
  const live = phase === 'running' || phase === 'paused'
  const found =
    live && config && plan && refused !== config ? rebalance(config, plan, ranks, page.run.curves.loss.length) : null
  if (!found && !moving && failure === null) return null
  const take = async (offer: Rebalance) => {
    const handle = page.run.handle()
    if (handle === null || moving) return
    setMoving(true)
    setFailure(null)
    try {
      const { startedFrom } = page.run.getState().sources
      await resumeFrom(page, await handle.checkpoint(), startedFrom, (saved) => withSplit(saved, offer))
    } catch (error) {
      setFailure(faultOf(error))
    } finally {
      setMoving(false)
    }
  }
  return (
    <div className={notices.note} role="status" data-testid="rebalance">
      {failure !== null && <p>{text.failed(faultLine(failure))}</p>}
      {moving && <p>{text.busy}</p>}
      {found && !moving && (
        <div className={notices.actions}>
          <span>
            {text.uneven[found.kind](found.before.join(' : '), found.after.join(' : '))}{' '}
            <i className="predicted">{text.gain(significant(found.gain))}</i>
          </span>
          <button type="button" className={button.button} onClick={() => void take(found)}>
            {text.take}
          </button>
          <button type="button" className={button.button} onClick={() => setRefused(config)}>
            {text.dismiss}
          </button>
        </div>
      )}
    </div>
  )
}
