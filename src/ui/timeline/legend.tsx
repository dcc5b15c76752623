import type { SpanKind } from '../../schedule/span-kinds.ts'
import { useText } from '../text/use-text.ts'
import { isInverse, LETTERS, PATTERNS } from './palette.ts'
import styles from './timeline.module.css'

/** Colour, pattern and letter of the kinds that occur, of idle time, and the frame around current cells. */
export function Legend({ kinds, marksRanks }: { kinds: readonly SpanKind[]; marksRanks: boolean }) {
  const text = useText()
  return (
    <ul className={styles.legend}>
      {kinds.map((kind) => (
        <li key={kind}>
          <span
            className={styles.swatch}
            data-pattern={PATTERNS[kind]}
            style={{ backgroundColor: `var(--op-${kind})` }}
            aria-hidden
          >
            <b data-inverse={isInverse(kind) || undefined} style={{ backgroundColor: `var(--op-${kind})` }}>
              {LETTERS[kind]}
            </b>
          </span>
          {text.spans[kind]}
        </li>
      ))}
      <li>
        <span
          className={styles.swatch}
          style={{ backgroundColor: 'var(--idle)', border: '1px solid var(--hairline-strong)' }}
          aria-hidden
        />
        {text.idleKind}
      </li>
      {marksRanks && (
        <li>
          <span className={styles.swatch} style={{ border: '3px solid var(--ink)' }} aria-hidden />
          {text.rankIsHere}
        </li>
      )}
    </ul>
  )
}
