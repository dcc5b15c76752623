import type { RunConfig } from '../../config/types.ts'
import type { Pin } from '../../state/compare-store.ts'
import { differencesOf } from '../../state/differences.ts'
import { formatBytes, formatCount, significant } from '../format.ts'
import { useText } from '../text/use-text.ts'
import styles from './compare.module.css'
import { figuresOf } from './figures.ts'
import type { Figures } from './figures.ts'
import type { CompareText } from './text.ts'

/** Most fields listed by name; the rest is counted. */
const MAX_FIELDS = 4

/** A summary in words: the differences between the pins, and their consequences. */
export function Summary({ pins, text }: { readonly pins: readonly Pin[]; readonly text: CompareText }) {
  const page = useText()
  const overBudget = pins.filter(({ overBudget }) => overBudget !== null).map(({ letter }) => letter)
  const known = pins.flatMap((pin) => (pin.simulated ? [{ pin, config: pin.simulated.config }] : []))
  const overBudgetNote = overBudget.length > 0 && (
    <p>{text.unfit(overBudget.join(text.letters), overBudget.length > 1)}</p>
  )
  if (known.length < 2) return overBudgetNote && <div className={styles.summary}>{overBudgetNote}</div>
  const configs: RunConfig[] = known.map(({ config }) => config)
  const differences = differencesOf(configs)
  const nameOf = (field: string) => Object.entries(page.fields).find(([path]) => path === field)?.[1] ?? field
  const rest = differences.length - MAX_FIELDS
  const rows = known.map(({ pin }) => figuresOf(pin))
  return (
    <div className={styles.summary} data-testid="differences">
      <p>
        {differences.length === 0 ? (
          text.same
        ) : (
          <>
            {text.differIn}{' '}
            {differences.slice(0, MAX_FIELDS).map(({ field, values }, i) => (
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
      {overBudgetNote}
    </div>
  )
}

/** The extremes of the main figures, with all pins that share them; omitted where all are displayed alike. */
function effects(rows: readonly Figures[], text: CompareText): string[] {
  const measured = rows.every(({ measuredTokens }) => measuredTokens !== null)
  const named = (letters: readonly string[]) => letters.join(text.letters)
  const speed = extremes(rows, (row) => (measured ? row.measuredTokens : row.virtualTokens), formatCount)
  const bytes = (of: (row: Figures) => number | null, wording: CompareText['smallest']) => {
    const found = extremes(rows, of, formatBytes)
    if (!found) return null
    const { low, high } = found
    return wording(
      named(low.letters),
      low.letters.length > 1,
      formatBytes(low.value),
      named(high.letters),
      formatBytes(high.value),
    )
  }
  return [
    speed &&
      text.fastest(
        named(speed.high.letters),
        speed.high.letters.length > 1,
        significant(speed.high.value / speed.low.value),
        named(speed.low.letters),
        measured ? text.provenance.measured : text.provenance.virtual,
      ),
    bytes(({ fullestBytes }) => fullestBytes, text.smallest),
    bytes(({ sentBytes }) => sentBytes, text.quietest),
  ].filter((sentence) => sentence !== null)
}

interface Extreme {
  /** All pins whose value is displayed alike. */
  readonly letters: readonly string[]
  readonly value: number
}

export function extremes(
  rows: readonly Figures[],
  of: (row: Figures) => number | null,
  format: (value: number) => string,
): { readonly low: Extreme; readonly high: Extreme } | null {
  const values = rows.flatMap((row) => {
    const value = of(row)
    return value === null ? [] : [{ letter: row.pin.letter, value }]
  })
  const extreme = (value: number): Extreme => ({
    letters: values.filter((each) => format(each.value) === format(value)).map(({ letter }) => letter),
    value,
  })
  const [low, high] = [Math.min(...values.map(({ value }) => value)), Math.max(...values.map(({ value }) => value))]
  return values.length > 1 && format(low) !== format(high) ? { low: extreme(low), high: extreme(high) } : null
}
