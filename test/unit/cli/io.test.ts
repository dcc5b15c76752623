import { expect, test } from 'vitest'
import { oneLine } from '../../../src/cli/io.ts'

test('what a user’s own names have in them does not act on the terminal', () => {
  expect(oneLine('a\nb: unknown\r\t\u001b[31m\u009b!\n')).toBe('a\\nb: unknown\\r\\t\\u001b[31m\\u009b!')
  expect(oneLine('中\u2028文')).toBe('中\\u2028文')
})

test('a message of any length keeps its field and its reason', () => {
  const line = oneLine(`parallel.partition: [${'1,'.repeat(1_000_000)}1] has 1000001 stages; pipeline is 1`)
  expect(line.length).toBeLessThan(1100)
  expect(line).toMatch(/^parallel\.partition: \[1,1.* … .*has 1000001 stages; pipeline is 1$/)
  expect(oneLine('short')).toBe('short')
})
