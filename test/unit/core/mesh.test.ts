import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  MESH_AXES,
  axesAcross,
  coordinatesAt,
  groupAlong,
  groupsAlong,
  meshSize,
  rankAt,
  strideOf,
} from '../../../src/core/mesh.ts'

const CUBE = { data: 2, tensor: 2, pipeline: 2 }

test('tensor innermost, pipeline outermost', () => {
  const pairs = (axis: 'tensor' | 'data' | 'pipeline') => groupsAlong(CUBE, axis).map((group) => group.join(' '))
  expect(pairs('tensor')).toEqual(['0 1', '2 3', '4 5', '6 7'])
  expect(pairs('data')).toEqual(['0 2', '1 3', '4 6', '5 7'])
  expect(pairs('pipeline')).toEqual(['0 4', '1 5', '2 6', '3 7'])
  expect(coordinatesAt(CUBE, 5)).toEqual({ pipeline: 1, data: 0, tensor: 1 })
  expect(MESH_AXES.map((axis) => strideOf({ data: 3, tensor: 2, pipeline: 4 }, axis))).toEqual([1, 2, 6])
})

test('groups along any axes are partitions, each rank where its coordinates say', () => {
  const size = fc.integer({ min: 1, max: 4 })
  fc.assert(
    fc.property(size, size, size, fc.subarray([...MESH_AXES]), (data, tensor, pipeline, axes) => {
      const sizes = { data, tensor, pipeline }
      const groups = groupsAlong(sizes, ...axes)
      expect(groups.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: meshSize(sizes) }, (_, rank) => rank))
      for (const group of groups) {
        expect(group).toEqual(group.toSorted((a, b) => a - b))
        expect(group).toHaveLength(meshSize(sizes, axes))
        expect(axesAcross(sizes, group)).toEqual(MESH_AXES.filter((axis) => axes.includes(axis) && sizes[axis] > 1))
        for (const rank of group) {
          const at = coordinatesAt(sizes, rank)
          expect(rankAt(sizes, at)).toBe(rank)
          expect(groupAlong(sizes, at, ...axes)).toEqual(group)
        }
      }
    }),
  )
})
