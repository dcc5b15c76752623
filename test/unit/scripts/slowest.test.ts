import { expect, test } from 'vitest'
import { slowest, testsOfPlaywright, testsOfVitest } from '../../../scripts/lib/slowest.mjs'

test('the slowest tests of both kinds of report, nested suites and retries counted', () => {
  const vitest = {
    testResults: [
      {
        name: '/somewhere/test/cluster/parity.test.ts',
        assertionResults: [
          { fullName: 'ddp 2', duration: 1500 },
          { fullName: 'skipped', duration: null },
        ],
      },
    ],
  }
  const spec = (title: string, ...durations: number[]) => ({
    file: 'page.spec.ts',
    title,
    tests: [{ results: durations.map((duration) => ({ duration })) }],
  })
  const playwright = { suites: [{ specs: [spec('short', 300)], suites: [{ specs: [spec('twice', 1000, 1200)] }] }] }
  const tests = [...testsOfVitest(vitest), ...testsOfPlaywright(playwright)]
  expect(slowest(tests)).toEqual([
    '    2.2 s  page.spec.ts › twice',
    '    1.5 s  parity.test.ts › ddp 2',
    '    0.3 s  page.spec.ts › short',
    '    0.0 s  parity.test.ts › skipped',
  ])
  expect(slowest(tests, 1)).toEqual(['    2.2 s  page.spec.ts › twice'])
})
