import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataGroup, embeddingGroup, mesh, pipelineGroup, rankAt, tensorGroup } from '../../../src/comm/mesh.ts'
import { requestOf } from '../../../src/comm/request.ts'

test('tensor innermost, pipeline outermost', () => {
  const m = mesh({ data: 2, tensor: 2, pipeline: 2 })
  expect(m.world).toBe(8)
  expect(m.groups.tensor).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
  ])
  expect(m.groups.data).toEqual([
    [0, 2],
    [1, 3],
    [4, 6],
    [5, 7],
  ])
  expect(m.groups.pipeline).toEqual([
    [0, 4],
    [1, 5],
    [2, 6],
    [3, 7],
  ])
  expect(m.coordinates[5]).toEqual({ pipeline: 1, data: 0, tensor: 1 })
})

test('every rank is in one group of each kind, where its coordinates say', () => {
  const size = fc.integer({ min: 1, max: 5 })
  fc.assert(
    fc.property(size, size, size, (data, tensor, pipeline) => {
      const shape = { data, tensor, pipeline }
      const m = mesh(shape)
      for (const [rank, at] of m.coordinates.entries()) {
        expect(rankAt(shape, at)).toBe(rank)
        expect(dataGroup(m, rank)[at.data]).toBe(rank)
        expect(tensorGroup(m, rank)[at.tensor]).toBe(rank)
        expect(pipelineGroup(m, rank)[at.pipeline]).toBe(rank)
        for (const [kind, own] of [
          ['data', dataGroup(m, rank)],
          ['tensor', tensorGroup(m, rank)],
          ['pipeline', pipelineGroup(m, rank)],
        ] as const) {
          expect(m.groups[kind].filter((group) => group.includes(rank))).toEqual([own])
        }
      }
    }),
  )
})

test('the embedding group joins first and last stage', () => {
  const m = mesh({ data: 1, tensor: 2, pipeline: 3 })
  expect(embeddingGroup(m, 3)).toEqual([1, 5])
  expect(embeddingGroup(mesh({ data: 4, tensor: 1, pipeline: 1 }), 2)).toEqual([2])
})

test('servers follow the mesh and belong to no group', () => {
  const m = mesh({ data: 3, tensor: 1, pipeline: 1 }, 1)
  expect(m.world).toBe(4)
  expect(m.servers).toEqual([3])
  expect(m.coordinates[3]).toEqual({ data: 3, pipeline: 0, tensor: 0 })
  expect(m.groups.data).toEqual([[0, 1, 2]])
  expect(() => dataGroup(m, 3)).toThrow('rank: 3 is not in the mesh of 3 ranks')
})

test('refuses sizes that are no whole numbers', () => {
  expect(() => mesh({ data: 0, tensor: 1, pipeline: 1 })).toThrow('parallel.data: 0')
  expect(() => mesh({ data: 1, tensor: 1.5, pipeline: 1 })).toThrow('parallel.tensor: 1.5')
})

test('a push is a reduce to the root rank, a pull a broadcast from it', () => {
  const op = {
    group: [4, 6, 9],
    root: 6,
    source: [{ length: 3 }, { length: 4 }],
    target: [],
    algorithm: 'star',
  } as const
  expect(requestOf({ ...op, kind: 'push' })).toEqual({
    kind: 'reduce',
    algorithm: 'star',
    size: 3,
    elements: 7,
    root: 1,
  })
  expect(requestOf({ ...op, kind: 'pull' }).kind).toBe('broadcast')
  expect(() => requestOf({ ...op, kind: 'push', root: 5 })).toThrow('root: rank 5 is not in the group 4, 6, 9')
})
