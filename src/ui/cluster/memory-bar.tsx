import type { BytesByCategory } from '../../core/bytes.ts'
import type { MemoryShown } from '../../state/memory-view.ts'
import { formatBytes } from '../format.ts'
import { useText } from '../text/use-text.ts'
import styles from './cluster.module.css'

/** Communication and workspace share the last part. */
export const BAR_PARTS = ['parameters', 'gradients', 'optimizer', 'activations', 'communication'] as const

export function barPartBytes(bytes: BytesByCategory, part: (typeof BAR_PARTS)[number]): number {
  return part === 'communication' ? bytes.communication + bytes.workspace : bytes[part]
}

/** Memory by category on one scale for all ranks; the predicted peak is a thin outline, the budget a line. */
export function MemoryBar({
  label,
  shown,
  predictedPeak,
  scale,
  budget,
}: {
  readonly label: string
  readonly shown: MemoryShown
  readonly predictedPeak: number
  readonly scale: number
  readonly budget: number | null
}) {
  const text = useText()
  const percent = (bytes: number) => `${Math.min(100, (100 * bytes) / scale)}%`
  const parts = BAR_PARTS.map((part) => ({ part, bytes: barPartBytes(shown.bytes, part) }))
  const spokenText = [
    ...parts.map(({ part, bytes }) => `${text.categories[part]} ${formatBytes(bytes)}`),
    ...(shown.free > 0 ? [`${text.keptFree} ${formatBytes(shown.free)}`] : []),
  ].join(', ')
  return (
    <div className={styles.bar} role="img" aria-label={`${label}: ${spokenText}`}>
      <div className={styles.outline} style={{ width: percent(predictedPeak) }} />
      <div className={styles.fill} data-provenance={shown.provenance}>
        {parts.map(({ part, bytes }) => (
          <span
            key={part}
            data-part={part}
            style={{ width: percent(bytes) }}
            title={`${text.categories[part]} ${formatBytes(bytes)}`}
          />
        ))}
        {shown.free > 0 && (
          <span
            data-part="cached"
            style={{ width: percent(shown.free) }}
            title={`${text.keptFree} ${formatBytes(shown.free)}`}
          />
        )}
      </div>
      {budget !== null && <div className={styles.budget} style={{ insetInlineStart: percent(budget) }} />}
    </div>
  )
}
