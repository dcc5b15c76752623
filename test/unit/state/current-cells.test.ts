import { describe, expect, it } from 'vitest'
import { errorOf } from '../../../src/core/errors.ts'
import { planOf } from '../../../src/state/engine-plan.ts'
import { engineSession } from '../../../src/state/engine-session.ts'
import { EMPTY_RANK } from '../../../src/state/run-state.ts'
import { buildProgram } from '../../../src/strategy/build.ts'
import { currentCells } from '../../../src/ui/timeline/current-cells.ts'

async function planned(schedule: string, recompute = 'none') {
  const parsed = engineSession.parse({ batch: { microbatches: 4 }, parallel: { pipeline: 2, schedule, recompute } })
  if (parsed.kind === 'refused') throw errorOf(parsed.problems[0]!)
  return { plan: planOf(parsed.config), program: buildProgram(parsed.config) }
}

describe('currentCells', () => {
  for (const [schedule, recompute] of [
    ['1f1b', 'none'],
    ['1f1b', 'full'],
    ['zb-h1', 'none'],
  ] as const)
    it(`${schedule}, recompute ${recompute}: every pass of a micro-batch has its cell, and every cell a pass`, async () => {
      const { plan, program } = await planned(schedule, recompute)
      for (const { rank, step } of program.ranks) {
        const visited: number[] = []
        for (const op of step) {
          if (!('segment' in op) || op.microbatch === undefined) continue
          const ranks = program.ranks.map((each) => ({ ...EMPTY_RANK, op: each.rank === rank ? op.id : null }))
          const [cell, ...others] = currentCells(plan, ranks)
          expect(others).toEqual([])
          expect(cell).toMatchObject({ row: rank, microbatch: op.microbatch, stage: op.stage })
          visited.push(plan.ideal.spans.indexOf(cell!))
        }
        expect(new Set(visited).size).toBe(plan.ideal.spans.filter(({ row }) => row === rank).length)
      }
    })

  it('a rank between its passes, or idle, is in none', async () => {
    const { plan, program } = await planned('1f1b')
    const update = program.ranks[0]!.step.find(({ kind }) => kind === 'optimizerStep')!
    expect(currentCells(plan, [{ ...EMPTY_RANK, op: update.id }, EMPTY_RANK]).size).toBe(0)
  })
})
