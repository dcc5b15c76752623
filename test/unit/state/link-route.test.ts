import { expect, it } from 'vitest'
import { route } from '../../../src/ui/cluster/link-route.ts'

const box = (column: number, row: number) => ({
  left: column * 120,
  right: column * 120 + 100,
  top: row * 60,
  bottom: row * 60 + 50,
})

it('goes straight between neighbours, along the lower edge past others, down and across to another row', () => {
  expect(route(box(0, 0), box(1, 0))).toBe('M100 25H120')
  expect(route(box(1, 0), box(0, 0))).toBe('M100 25H120')
  expect(route(box(0, 0), box(3, 0))).toBe('M50 50V56H410V50')
  expect(route(box(2, 1), box(2, 0))).toBe('M290 50V60')
  expect(route(box(3, 0), box(0, 1))).toBe('M410 50V56H50V60')
})
