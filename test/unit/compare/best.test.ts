import { expect, test } from 'vitest'
import type { Pin } from '../../../src/state/compare-store.ts'
import { bestOf } from '../../../src/ui/compare/compare-table.tsx'
import type { Figures } from '../../../src/ui/compare/figures.ts'
import { limitsOn } from '../../../src/ui/compare/figures.ts'
import { extremes } from '../../../src/ui/compare/summary.tsx'
import { formatBytes } from '../../../src/ui/format.ts'

const pin = (letter: string, more: Partial<Pin> = {}): Pin => ({
  letter,
  draft: {},
  simulated: null,
  overBudget: null,
  memory: null,
  problem: null,
  obstacle: null,
  training: null,
  ...more,
})

const row = (letter: string, sentBytes: number, more: Partial<Pin> = {}): Figures => ({
  pin: pin(letter, more),
  fullestBytes: null,
  sentBytes,
  isMeasured: false,
  bubble: null,
  stepSeconds: null,
  virtualTokens: null,
  mfu: null,
  measuredTokens: null,
  loss: null,
  validationLoss: null,
})

test('nothing is the best where all values read alike', () => {
  expect(bestOf([row('A', 1_000_000), row('B', 1_000_100)]).get('sent')).toBeUndefined()
  expect(bestOf([row('A', 1_000_000), row('B', 2_000_000)]).get('sent')).toBe(formatBytes(1e6))
  expect(bestOf([row('A', 1_000_000)]).size).toBe(0)
})

test('what does not fit its budget is the best of nothing', () => {
  // Whatever it would take: that it is there is enough.
  const overBudget = {} as NonNullable<Pin['overBudget']>
  expect(bestOf([row('A', 1, { overBudget }), row('B', 2e6), row('C', 3e6)]).get('sent')).toBe(formatBytes(2e6))
})

test('ties are named together, and nobody wins where all are alike', () => {
  const of = ({ sentBytes }: Figures) => sentBytes
  const rows = [row('A', 1_000_000), row('B', 2_000_000), row('C', 1_000_200), row('D', 2_000_000)]
  expect(extremes(rows, of, formatBytes)).toMatchObject({ low: { letters: ['A', 'C'] }, high: { letters: ['B', 'D'] } })
  expect(extremes([rows[0]!, rows[2]!], of, formatBytes)).toBeNull()
})

test('a budget is always on the scale, a capacity where bars stay to be seen', () => {
  const withBudget = pin('A', { draft: { cluster: { memoryBytes: 9e9 } } })
  expect(limitsOn([withBudget], 1e6)).toMatchObject({ most: 9e9 })
  const config = { cluster: { device: 'a100-80gb' } }
  const known = pin('B', { simulated: { config } as NonNullable<Pin['simulated']> })
  expect(limitsOn([known], 40e9).limits.get(known)).toEqual({ kind: 'capacity', bytes: 80 * 2 ** 30 })
  expect(limitsOn([known], 1e9).limits.size).toBe(0)
  expect(limitsOn([pin('C')], 1e9)).toMatchObject({ most: 1e9 })
})
