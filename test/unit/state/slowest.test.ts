import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import type { RunEvent } from '../../../src/cluster/run-events.ts'
import { EMPTY_RANK, IDLE, reduceRun } from '../../../src/state/run-state.ts'
import { slowestRank } from '../../../src/state/slowest.ts'

const config = parseConfig({ parallel: { data: 4 }, batch: { microbatches: 1 } })

function ran(seconds: readonly number[]) {
  const event: RunEvent = {
    kind: 'spans',
    spans: seconds.flatMap((each, rank) => [
      { rank, op: 0, step: 0, stream: 'compute', start: 1, end: 1 + each },
      { rank, op: 1, step: 0, stream: 'host', start: 0, end: 99 },
    ]),
  }
  return reduceRun({ ...IDLE, ranks: seconds.map(() => EMPTY_RANK) }, event).ranks
}

describe('slowestRank', () => {
  it('names the rank whose device takes longest', () => {
    const found = slowestRank(ran([0.1, 0.1, 0.3, 0.1]), config)
    expect(found?.rank).toBe(2)
    expect((found?.seconds ?? 0) / (found?.median ?? 1)).toBeCloseTo(3)
  })
  it('names nobody where all are about as fast, or nothing is measured', () => {
    expect(slowestRank(ran([0.1, 0.11, 0.1, 0.1]), config)).toBeNull()
    expect(slowestRank([EMPTY_RANK, EMPTY_RANK], config)).toBeNull()
  })
  it('counts a straggler as many times as it takes', () => {
    const slowed = { ...config, cluster: { ...config.cluster, stragglers: [{ rank: 1, slowdown: 2 }] } }
    expect(slowestRank(ran([0.1, 0.1, 0.1, 0.1]), slowed)?.rank).toBe(1)
  })
})
