import { useText } from '../text/use-text.ts'
import styles from './cluster.module.css'
import { BAR_PARTS } from './memory-bar.tsx'

/** Legend of the memory bars' colours and hatchings; `free`: includes buffers kept for reuse. */
export function MemoryLegend({ free = false }: { readonly free?: boolean }) {
  const text = useText()
  return (
    <ul className={styles.legend}>
      {BAR_PARTS.map((part) => (
        <li key={part}>
          <i data-part={part} />
          {text.categories[part]}
        </li>
      ))}
      {free && (
        <li>
          <i data-part="cached" />
          {text.keptFreeShort}
        </li>
      )}
    </ul>
  )
}
