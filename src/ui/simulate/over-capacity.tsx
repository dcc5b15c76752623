import type { SimulatedResult } from '../../sim/simulate.ts'
import { capacityOf, overCapacity } from '../../state/capacity.ts'
import { formatBytes } from '../format.ts'
import button from '../theme/button.module.css'
import { Phrase } from './phrase.tsx'
import styles from './simulate.module.css'
import type { SimulateText } from './text-en.ts'

/** The clocked configuration would not run: shows which stage exceeds its device, and links to what would fit. */
export function OverCapacity({
  result,
  text,
  onSearch,
}: {
  readonly result: SimulatedResult
  readonly text: SimulateText
  readonly onSearch: () => void
}) {
  const over = overCapacity(result)
  if (over === null) return null
  const { parallel, cluster } = result.config
  const stage = parallel.pipeline > 1 ? text.stage(over.coordinates.pipeline) : null
  const need = formatBytes(over.predictedBytes.total)
  return (
    <div className={styles.notice} role="status" data-testid="over-capacity">
      <p>
        <Phrase pieces={text.over(stage, need, cluster.device, formatBytes(capacityOf(result.config).bytes))} />
      </p>
      <button type="button" className={button.button} onClick={onSearch}>
        {text.plan}
      </button>
    </div>
  )
}
