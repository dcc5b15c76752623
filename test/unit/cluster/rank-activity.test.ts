import { expect, it } from 'vitest'
import { RankActivity } from '../../../src/cluster/rank-activity.ts'

it('keeps exchanges until the rank moves on after a look, and what is under way longer', () => {
  const glance = new RankActivity()
  glance.exchangeBegan(1)
  glance.exchangeEnded(1)
  glance.exchangeBegan(2)
  expect(glance.takeReport().exchanges).toEqual([1, 2])
  // Held: the last exchange stays to be seen.
  expect(glance.takeReport().exchanges).toEqual([1, 2])
  glance.onNextOp()
  expect(glance.takeReport().exchanges).toEqual([2])
  glance.exchangeEnded(2)
  glance.onNextOp()
  expect(glance.takeReport().exchanges).toEqual([])
})

it('tells bytes once, and again only where they differ', () => {
  const glance = new RankActivity()
  glance.setLiveBytes(7, 100)
  glance.setLiveBytes(8, 200)
  expect(glance.takeReport().held).toEqual([
    [7, 100],
    [8, 200],
  ])
  glance.setLiveBytes(7, 100)
  expect(glance.takeReport().held).toEqual([])
  glance.setLiveBytes(7, 128)
  expect(glance.takeReport().held).toEqual([[7, 128]])
})
