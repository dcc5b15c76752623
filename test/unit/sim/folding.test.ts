import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { scheduleOf } from '../../../src/schedule/registry.ts'
import { estimateStep, stageCosts, stepTail, type StepEstimate } from '../../../src/sim/estimate.ts'
import { orderOf } from '../../../src/sim/orders.ts'
import { setupOf } from '../../../src/sim/setup-of.ts'
import type { StepSetup } from '../../../src/sim/step-setup.ts'
import { simulate } from '../../../src/sim/simulate.ts'

/**
 * Nothing folded: every rank of the mesh has its own list and its own clock. An action begins when the rank's last one has
 * ended, its input has come from the rank's own pipeline, and all tensor ranks beside it are there, too (they meet in every
 * block); it takes as long as the slowest of them needs. Gradients are exchanged when the last replica is done.
 */
function unfolded(s: StepSetup): { pipelineSeconds: number; ends: Map<number, number> } {
  const { data: D, tensor: T, pipeline: P, microbatches, chunks } = s
  const shape = { stages: P, microbatches, chunks }
  const stageToRank = scheduleOf(s.schedule).stageToRank(shape)
  const order = orderOf(s.schedule, shape)
  const costs = stageCosts(s)
  const last = costs.length - 1
  const rankOf = (d: number, p: number, t: number) => p * D * T + d * T + t
  const done = new Map<string, number>()
  const position = new Map<number, number>()
  const ends = new Map<number, number>()
  const key = (d: number, t: number, kind: string, stage: number, microbatch: number) =>
    `${d} ${t} ${kind} ${stage} ${microbatch}`
  const comm = (lower: number) => (stageToRank[lower] === stageToRank[lower + 1] ? 0 : costs[lower]!.comm)

  /** When the input of a rank's next action is there; null: not known yet. */
  const readyAt = (d: number, p: number, t: number): number | null => {
    const { kind, stage, microbatch } = order[p]![position.get(rankOf(d, p, t)) ?? 0]!
    const at = (kind_: string, stage_: number) => done.get(key(d, t, kind_, stage_, microbatch)) ?? null
    const free = ends.get(rankOf(d, p, t)) ?? 0
    if (kind === 'F') {
      if (stage === 0) return free
      const before = at('F', stage - 1)
      return before === null ? null : Math.max(free, before + comm(stage - 1))
    }
    if (kind === 'W') return at('I', stage) === null ? null : Math.max(free, at('I', stage)!)
    const own = at('F', stage)
    const behind = stage === last ? 0 : at('I', stage + 1)
    return own === null || behind === null ? null : Math.max(free, own, stage === last ? 0 : behind + comm(stage))
  }

  for (let moved = true; moved;) {
    moved = false
    for (let d = 0; d < D; d++)
      for (let p = 0; p < P; p++) {
        const ranks = Array.from({ length: T }, (_, t) => t)
        if ((position.get(rankOf(d, p, 0)) ?? 0) >= order[p]!.length) continue
        const ready = ranks.map((t) => readyAt(d, p, t))
        if (ready.some((each) => each === null)) continue
        const { kind, stage, microbatch } = order[p]![position.get(rankOf(d, p, 0)) ?? 0]!
        const { F, I, W } = costs[stage]!
        const seconds =
          { F, I, W, B: I + W }[kind] * Math.max(...ranks.map((t) => s.cluster.slowdown.get(rankOf(d, p, t)) ?? 1))
        const end = Math.max(...(ready as number[])) + seconds
        for (const t of ranks) {
          position.set(rankOf(d, p, t), (position.get(rankOf(d, p, t)) ?? 0) + 1)
          ends.set(rankOf(d, p, t), end)
          done.set(key(d, t, kind === 'B' ? 'I' : kind, stage, microbatch), end)
          if (kind === 'B') done.set(key(d, t, 'W', stage, microbatch), end)
        }
        moved = true
      }
  }
  return { pipelineSeconds: Math.max(...ends.values()), ends }
}

const base = { precision: 'mixed-bf16', model: { preset: 'gpt3-6.7b' }, cluster: { device: 'a100-80gb' } }
const meshes = [
  { data: 4, tensor: 1, pipeline: 1 },
  { data: 2, tensor: 2, pipeline: 2 },
  { data: 3, tensor: 2, pipeline: 4 },
  { data: 1, tensor: 4, pipeline: 4 },
]
const schedules = [
  { schedule: 'naive' },
  { schedule: 'gpipe' },
  { schedule: '1f1b' },
  { schedule: 'interleaved-1f1b', chunks: 2 },
  { schedule: 'zb-h1' },
  { schedule: 'zb-h2' },
  { schedule: 'zb-v', chunks: 2 },
]
const stragglers = [
  [],
  [{ rank: 1, slowdown: 1.7 }],
  [
    { rank: 0, slowdown: 1.3 },
    { rank: 3, slowdown: 2 },
    { rank: 5, slowdown: 1.1 },
  ],
]

const cases = meshes.flatMap((mesh) =>
  // On one stage naive is 1f1b by another name, and refused as such.
  schedules.flatMap((schedule) =>
    mesh.pipeline === 1 && schedule.schedule === 'naive'
      ? []
      : stragglers.flatMap((slow) => {
          const world = mesh.data * mesh.tensor * mesh.pipeline
          const input = {
            ...base,
            batch: { global: 96, microbatches: 8, sequence: 512 },
            parallel: { ...mesh, ...schedule },
            cluster: { ...base.cluster, stragglers: slow.filter(({ rank }) => rank < world) },
          }
          return [
            [
              `${mesh.data} × ${mesh.tensor} × ${mesh.pipeline}, ${schedule.schedule}, ${slow.length} slow`,
              input,
            ] as const,
          ]
        }),
  ),
)

const setups = cases.map(([name, input]) => [name, setupOf(parseConfig(input, 'simulate'))] as const)

describe('folding replicas and tensor ranks changes nothing', () => {
  test.each(setups)('%s', (_name, setup) => {
    const folded: StepEstimate = estimateStep(setup)
    const whole = unfolded(setup)
    expect(folded.pipelineSeconds).toBeCloseTo(whole.pipelineSeconds, 9)
    const { pipeline, data, tensor } = setup
    // Every rank ends its last action when the one that stands for it does.
    for (let p = 0; p < pipeline; p++)
      for (let d = 0; d < data; d++)
        for (let t = 0; t < tensor; t++) {
          const { clocked, pipelineSeconds } = folded.replicas[folded.replicaOf[d]!]!
          const end = clocked ? clocked.end[p]!.at(-1)! : pipelineSeconds
          expect(end).toBeCloseTo(whole.ends.get(p * data * tensor + d * tensor + t)!, 9)
        }
    expect(folded.stepSeconds).toBeCloseTo(
      whole.pipelineSeconds + folded.reduceSeconds + stepTail(setup).optimizer + setup.software.stepSeconds,
      9,
    )
  })
})

test('a straggler costs the replicas beside it idle time, not compute', () => {
  const config = parseConfig(
    {
      ...base,
      batch: { global: 16, microbatches: 8, sequence: 512 },
      parallel: { data: 2, pipeline: 2, schedule: '1f1b' },
      cluster: { ...base.cluster, stragglers: [{ rank: 1, slowdown: 2 }] },
    },
    'simulate',
  )
  const { computeSeconds, idleSeconds } = simulate(config).result.time
  expect(computeSeconds[1]! / computeSeconds[0]!).toBeGreaterThan(1.8)
  expect(idleSeconds[0]!).toBeGreaterThan(idleSeconds[1]!)
})

test('replicas that are slowed alike are clocked once', () => {
  const config = parseConfig(
    {
      ...base,
      batch: { global: 64, microbatches: 8, sequence: 512 },
      parallel: { data: 8, pipeline: 2, schedule: '1f1b' },
      cluster: {
        ...base.cluster,
        stragglers: [
          { rank: 2, slowdown: 2 },
          { rank: 5, slowdown: 2 },
        ],
      },
    },
    'simulate',
  )
  const { replicas, replicaOf } = estimateStep(setupOf(config))
  expect(replicas).toHaveLength(2)
  expect(replicaOf).toEqual([0, 0, 1, 0, 0, 1, 0, 0])
})
