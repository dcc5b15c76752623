import { describe, expect, it } from 'vitest'
import { errorOf } from '../../../src/core/errors.ts'
import { planOf } from '../../../src/state/engine-plan.ts'
import { engineSession } from '../../../src/state/engine-session.ts'
import { groupIndex, groupLetter, meshView, sharedAxis } from '../../../src/state/mesh-view.ts'

async function meshOf(parallel: Record<string, number | string>) {
  const parsed = engineSession.parse({ parallel, batch: { microbatches: 1 } })
  if (parsed.kind === 'refused') throw errorOf(parsed.problems[0]!)
  return meshView(planOf(parsed.config).ranks)
}

describe('meshView', () => {
  it('2 × 2 × 2: stages side by side, replicas below each other, every axis a partition', async () => {
    const mesh = await meshOf({ data: 2, tensor: 2, pipeline: 2 })
    expect(mesh.rows).toEqual([
      [0, 1, 4, 5],
      [2, 3, 6, 7],
    ])
    expect(mesh.groups.tensor).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ])
    expect(mesh.groups.data).toEqual([
      [0, 2],
      [1, 3],
      [4, 6],
      [5, 7],
    ])
    expect(mesh.groups.pipeline).toEqual([
      [0, 4],
      [1, 5],
      [2, 6],
      [3, 7],
    ])
    expect([1, 2, 7, 4, 5].map((rank) => sharedAxis(mesh, 3, rank))).toEqual(['data', 'tensor', 'pipeline', null, null])
    expect(groupIndex(mesh, 'data', 7)).toBe(3)
  })

  it('replicas alone lie in one row, and only their axis counts', async () => {
    const mesh = await meshOf({ data: 4 })
    expect(mesh.rows).toEqual([[0, 1, 2, 3]])
    expect(mesh.axes).toEqual(['data'])
    expect(mesh.perStage).toBe(4)
  })

  it('a pipeline is one row of stages', async () => {
    const mesh = await meshOf({ pipeline: 4 })
    expect(mesh.rows).toEqual([[0, 1, 2, 3]])
    expect(mesh.perStage).toBe(1)
  })

  it('names groups', () => expect([0, 25, 26, 52].map(groupLetter)).toEqual(['A', 'Z', 'AA', 'BA']))
})
