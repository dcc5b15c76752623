import { expect, it } from 'vitest'
import { Glance } from '../../../src/cluster/glance.ts'

it('keeps exchanges until the rank moves on after a look, and what is under way longer', () => {
  const glance = new Glance()
  glance.begins(1)
  glance.ends(1)
  glance.begins(2)
  expect(glance.look().exchanges).toEqual([1, 2])
  // Held: the last exchange stays to be seen.
  expect(glance.look().exchanges).toEqual([1, 2])
  glance.moved()
  expect(glance.look().exchanges).toEqual([2])
  glance.ends(2)
  glance.moved()
  expect(glance.look().exchanges).toEqual([])
})

it('tells bytes once, and again only where they differ', () => {
  const glance = new Glance()
  glance.holds(7, 100)
  glance.holds(8, 200)
  expect(glance.look().held).toEqual([
    [7, 100],
    [8, 200],
  ])
  glance.holds(7, 100)
  expect(glance.look().held).toEqual([])
  glance.holds(7, 128)
  expect(glance.look().held).toEqual([[7, 128]])
})
