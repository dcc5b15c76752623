import { describe, expect, test } from 'vitest'
import { SCHEDULES } from '../../src/schedule/registry.ts'
import type { ScheduleId } from '../../src/schedule/registry.ts'
import { expectSameGradients } from '../lib/compare.ts'
import type { Finished } from '../lib/run.ts'
import { oneDevice, runToEnd } from '../lib/run.ts'

const sizes = { layers: 6, embed: 16, context: 8, vocab: 256 }
const models = {
  gpt2: { ...sizes, heads: 2 },
  llama: { ...sizes, family: 'llama', heads: 4, kvHeads: 2, ffn: 20 },
} as const
const families = ['gpt2', 'llama'] as const
/** Short sequences: a corpus in which every token counts. */
const everyToken = { corpus: 'brackets' }
const full = process.env.TABCLUSTER_FULL === '1'

interface Case {
  readonly schedule: ScheduleId
  readonly pipeline: number
  readonly microbatches: number
  readonly chunks: number
  readonly recompute: 'none' | 'selective' | 'full'
  readonly data: number
  readonly family: keyof typeof models
}

/** Everything the schedules allow of p, m, chunks, recomputation and replicas. */
function allCases(): Case[] {
  const cases: Case[] = []
  for (const schedule of Object.keys(SCHEDULES) as ScheduleId[])
    for (const pipeline of [2, 3, 4])
      for (const microbatches of [1, 2, 3, 5, 6, 8])
        for (const chunks of [1, 2, 3])
          for (const recompute of ['none', 'selective', 'full'] as const)
            for (const [data, family] of [1, 2].flatMap((n) => families.map((each) => [n, each] as const))) {
              const { chunks: allowed, wholeRounds } = SCHEDULES[schedule]
              if (chunks < allowed.least || chunks > allowed.most || pipeline * chunks > sizes.layers) continue
              if (wholeRounds && microbatches % pipeline !== 0) continue
              if (pipeline * data > 4 && !full) continue
              cases.push({ schedule, pipeline, microbatches, chunks, recompute, data, family })
            }
  return cases
}

/** A small set of cases in which every pair of values that occurs in some case occurs (greedy). */
function pairwise(cases: readonly Case[]): Case[] {
  const keys = ['schedule', 'pipeline', 'microbatches', 'chunks', 'recompute', 'data', 'family'] as const
  const pairsOf = (each: Case) =>
    keys.flatMap((a, i) => keys.slice(i + 1).map((b) => `${a}=${each[a]} ${b}=${each[b]}`))
  const open = new Set(cases.flatMap(pairsOf))
  const chosen: Case[] = []
  while (open.size > 0) {
    const gain = (each: Case) => pairsOf(each).filter((pair) => open.has(pair)).length
    const best = cases.reduce((a, b) => (gain(b) > gain(a) ? b : a))
    for (const pair of pairsOf(best)) open.delete(pair)
    chosen.push(best)
  }
  return chosen
}

async function compare(
  { schedule, pipeline, microbatches, chunks, recompute, data, family }: Case,
  steps: number,
): Promise<void> {
  // One sample more than divides evenly: the first micro-batch is larger.
  const global = microbatches * data + 1
  const parallel = { schedule, pipeline, chunks, recompute, data }
  const model = models[family]
  const cluster = await runToEnd({
    model,
    data: everyToken,
    steps,
    batch: { global, microbatches, sequence: 8 },
    parallel,
  })
  const one = await oneDevice({ model, data: everyToken, steps, batch: { global, microbatches: 1, sequence: 8 } })
  expectSameGradients(cluster.gradients, one.gradients)
  for (const [i, step] of cluster.result.steps!.entries()) {
    expect(Math.abs(step.loss - one.result.steps![i]!.loss)).toBeLessThan(1e-4)
    expect(Math.abs(step.gradNorm / one.result.steps![i]!.gradNorm - 1)).toBeLessThan(1e-4)
  }
  for (const rank of cluster.result.ranks!) expect(rank.peakBytes).toEqual(rank.predictedBytes)
  expect(cluster.leakedBytes).toBe(0)
}

describe('a pipeline is the same training as one device', () => {
  const cases = full ? allCases() : pairwise(allCases())
  for (const each of cases)
    test(`${each.schedule} p ${each.pipeline} m ${each.microbatches} v ${each.chunks} recompute ${each.recompute} × ${each.data}, ${each.family}`, () =>
      compare(each, 1))

  for (const schedule of Object.keys(SCHEDULES) as ScheduleId[])
    test(`20 steps of ${schedule}`, () => {
      const chunks = SCHEDULES[schedule].chunks.proposed
      return compare({ schedule, pipeline: 2, microbatches: 2, chunks, recompute: 'none', data: 1, family: 'gpt2' }, 20)
    })
})

test("1F1B's first stage holds p micro-batches, GPipe's all of them", async () => {
  const batch = { global: 8, microbatches: 8, sequence: 8 }
  const of = (schedule: string) =>
    runToEnd({ model: models.gpt2, data: everyToken, batch, parallel: { schedule, pipeline: 3 } })
  const [one, all] = [await of('1f1b'), await of('gpipe')]
  expect(one.result.schedule!.peakActivations).toEqual([3, 2, 1])
  expect(all.result.schedule!.peakActivations).toEqual([8, 8, 8])
  const bytes = (each: Finished) => each.result.ranks![0]!.peakBytes.activations
  expect(bytes(all) / bytes(one)).toBeGreaterThan(2)
})
