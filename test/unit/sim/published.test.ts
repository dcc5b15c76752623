import { describe, expect, it } from 'vitest'
import { passes } from '../../../src/sim/validate/section.ts'
import { publishedSections } from '../../../src/sim/validate/validate.ts'
import gpipe from '../../published/gpipe-table-2.json' with { type: 'json' }
import korthikanti from '../../published/korthikanti-table-5.json' with { type: 'json' }
import megatron from '../../published/megatron-table-1.json' with { type: 'json' }
import zeroBubble from '../../published/zero-bubble-table-4.json' with { type: 'json' }

const sections = publishedSections({ megatron, korthikanti, zeroBubble, gpipe })

describe('published tables', () => {
  it('are all read', () => {
    expect(sections.map(({ id, points }) => [id, points.length])).toEqual([
      ['megatron', 5],
      ['korthikanti', 4],
      ['zero-bubble', 24],
      ['zero-bubble-memory', 8],
      ['gpipe', 3],
    ])
  })
  const checks = sections.flatMap(({ id, checks }) => checks.map((check) => ({ id, check })))
  it.each(checks)('$id: $check.name within $check.limit', ({ check }) => {
    expect(passes(check), `${check.name} is ${check.value}, limit ${check.limit}`).toBe(true)
  })
})
