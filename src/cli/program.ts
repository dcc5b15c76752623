import { parseConfig } from '../config/parse.ts'
import { refused } from '../core/errors.ts'
import { printActionCsv } from '../schedule/actions.ts'
import { actionsOf } from '../schedule/registry.ts'
import { programToJson } from '../schedule/json.ts'
import { printProgramCsv, printProgramGrid } from '../schedule/program-grid.ts'
import { printTickGrid, tickGrid } from '../schedule/tick-grid.ts'
import { clockOrder } from '../schedule/unit-clock.ts'
import { validateProgram } from '../schedule/validate.ts'
import { buildProgram } from '../strategy/build.ts'
import { putResult } from './io.ts'
import { readJson } from './read.ts'

export interface ProgramOptions {
  readonly config: string
  readonly format: string
  readonly scheduleOnly: boolean
}

const FORMATS = ['grid', 'csv', 'json']

/** `program`: prints what every rank does. */
export async function program(options: ProgramOptions): Promise<void> {
  if (!FORMATS.includes(options.format))
    throw refused('format', 'not-one-of', { value: `"${options.format}"`, options: FORMATS.join(', ') })
  const config = parseConfig(await readJson(options.config, 'config'))
  if (options.scheduleOnly) {
    const { actions, stageToRank } = actionsOf(config)
    const text =
      options.format === 'csv'
        ? printActionCsv(actions)
        : options.format === 'json'
          ? JSON.stringify({ stageToRank, actions })
          : printTickGrid(tickGrid(actions, clockOrder(actions, { stageToRank })))
    return putResult(text.trimEnd())
  }
  const built = buildProgram(config)
  validateProgram(built)
  const text =
    options.format === 'csv'
      ? printProgramCsv(built)
      : options.format === 'json'
        ? programToJson(built)
        : printProgramGrid(built)
  return putResult(text.trimEnd())
}
