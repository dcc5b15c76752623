import { englishOf } from '../core/fault.ts'
import { minimalConfig } from '../config/minimal.ts'
import { describeCandidate, readForPlan } from '../sim/planner/candidates.ts'
import { layoutSearch, type PlannerResult } from '../sim/planner/plan.ts'
import type { ClockedCandidate } from '../sim/planner/clocked-candidate.ts'
import { ProgressLine, putResult } from './io.ts'
import { readJson } from './read.ts'
import { shortBytes, percentText, printTable, secondsText } from './table.ts'

export interface PlanCommandOptions {
  readonly config: string
  readonly json: boolean
}

/** Rows of the ranking that are printed. */
const SHOWN_ROWS = 15

/** `plan`: searches the layouts that fit the configuration's devices and ranks them. */
export async function planCommand(options: PlanCommandOptions): Promise<void> {
  const config = readForPlan(await readJson(options.config, 'config'))
  const progress = new ProgressLine()
  try {
    const steps = layoutSearch(config)
    let next = steps.next()
    for (; !next.done; next = steps.next()) {
      const { phase, done, total } = next.value
      progress.show(`${phase}: ${done}${total === null ? '' : ` of ${total}`}`)
    }
    progress.end()
    await putResult(options.json ? JSON.stringify(jsonOf(next.value), null, 2) : textOf(next.value))
  } finally {
    progress.end()
  }
}

/** Reasons as text, and as codes with values. */
function jsonOf(found: PlannerResult): object {
  const dropped = found.dropped.map(({ reason, count }) => ({ reason: englishOf(reason), count, ...reason }))
  return { ...found, dropped }
}

function rows(planned: readonly ClockedCandidate[]): string {
  const head = ['layout', 'memory', 'bubble', 'step', 'tokens/s', 'MFU']
  return printTable(
    head,
    planned.map((each) => [
      describeCandidate(each.candidate),
      shortBytes(each.memoryBytes),
      percentText(each.bubble),
      secondsText(each.stepSeconds),
      String(Math.round(each.tokensPerSecond)),
      percentText(each.mfu),
    ]),
  )
}

function textOf(found: PlannerResult): string {
  const { devices, budgetBytes, candidates, fitting, clocked, dropped, ranked, front, explanation, best, software } =
    found
  return [
    `${candidates} layouts of ${devices} devices with ${shortBytes(budgetBytes)} each; ${fitting} fit, ${clocked} were clocked with the figures of ${software}.`,
    '',
    'Fastest (times are virtual, memory predicted for the fullest rank)',
    rows(ranked.slice(0, SHOWN_ROWS)),
    '',
    'Memory against speed: no clocked layout is both smaller and faster than one of these',
    rows(front),
    '',
    'Dropped',
    ...dropped.map(({ reason, count }) => `${String(count).padStart(7)}  ${englishOf(reason)}`),
    '',
    explanation,
    '',
    `Configuration: ${JSON.stringify(minimalConfig(best))}`,
  ].join('\n')
}
