import type { RunConfig } from '../../config/types.ts'
import type { Pin } from '../../state/compare-store.ts'
import { differencesOf } from '../../state/differences.ts'
import { formatBytes, significant } from '../format.ts'
import { useText } from '../text/use-text.ts'
import styles from './compare.module.css'
import { figuresOf } from './figures.ts'
import type { Figures } from './figures.ts'
import type { CompareText } from './text.ts'

/** Fields that are named; the rest is counted. */
const MOST_FIELDS = 4

/** In words: what differs between the pins, and what follows from it. */
export function Summary({ pins, text }: { readonly pins: readonly Pin[]; readonly text: CompareText }) {
  const page = useText()
  const known = pins.flatMap((pin) => (pin.simulated ? [{ pin, config: pin.simulated.config }] : []))
  if (known.length < 2) return null
  const configs: RunConfig[] = known.map(({ config }) => config)
  const differences = differencesOf(configs)
  const nameOf = (field: string) => Object.entries(page.fields).find(([path]) => path === field)?.[1] ?? field
  const rest = differences.length - MOST_FIELDS
  const rows = known.map(({ pin }) => figuresOf(pin))
  return (
    <div className={styles.summary} data-testid="differences">
      <p>
        {differences.length === 0 ? (
          text.same
        ) : (
          <>
            {text.differIn}{' '}
            {differences.slice(0, MOST_FIELDS).map(({ field, values }, i) => (
              <span key={field}>
                {i > 0 && ', '}
                <b>{nameOf(field)}</b> ({values.map((value, at) => `${known[at]!.pin.letter}: ${value}`).join(', ')})
              </span>
            ))}
            {rest > 0 && ` ${text.and(String(rest))}`}.
          </>
        )}
      </p>
      <p>{effects(rows, text).join(' ')}</p>
    </div>
  )
}

/** The extremes of what everyone asks first; nothing is said where all are equal. */
function effects(rows: readonly Figures[], text: CompareText): string[] {
  const measured = rows.every(({ measuredTokens }) => measuredTokens !== null)
  const speed = extremes(rows, (row) => (measured ? row.measuredTokens : row.virtualTokens))
  const memory = extremes(rows, ({ fullestBytes }) => fullestBytes)
  const sent = extremes(rows, ({ sentBytes }) => sentBytes)
  return [
    speed &&
      text.fastest(
        speed.high.letter,
        significant(speed.high.value / speed.low.value),
        speed.low.letter,
        measured ? text.provenance.measured : text.provenance.virtual,
      ),
    memory &&
      text.smallest(
        memory.low.letter,
        formatBytes(memory.low.value),
        memory.high.letter,
        formatBytes(memory.high.value),
      ),
    sent && text.quietest(sent.low.letter, formatBytes(sent.low.value), sent.high.letter, formatBytes(sent.high.value)),
  ].filter((sentence) => sentence !== null)
}

interface Extreme {
  readonly letter: string
  readonly value: number
}

function extremes(
  rows: readonly Figures[],
  of: (row: Figures) => number | null,
): { low: Extreme; high: Extreme } | null {
  const values = rows.flatMap((row): Extreme[] => {
    const value = of(row)
    return value === null ? [] : [{ letter: row.pin.letter, value }]
  })
  const ordered = values.toSorted((a, b) => a.value - b.value)
  const [low, high] = [ordered[0], ordered.at(-1)]
  return low && high && low.value < high.value ? { low, high } : null
}
