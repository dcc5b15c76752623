import { parseConfig } from '../config/parse.ts'
import { simulate } from '../sim/simulate.ts'
import { Progress, putResult, readJson, writeWhole } from './io.ts'

export interface SimulateOptions {
  readonly config: string
  readonly out?: string
  readonly trace?: string
}

/** Configurations of an array between two reports. */
const REPORT_EVERY = 200

/** `simulate`: clocks a configuration, or every configuration of an array, on its cluster. */
export async function simulateCommand(options: SimulateOptions): Promise<void> {
  const input = await readJson(options.config, 'config')
  if (Array.isArray(input)) return putResult(JSON.stringify(simulateAll(input)), options.out)
  const { result, trace } = simulate(parseConfig(input, 'simulate'))
  if (options.trace !== undefined) await writeWhole(options.trace, `${JSON.stringify(trace())}\n`)
  return putResult(JSON.stringify(result, null, 2), options.out)
}

/** Results in the order of the configurations; a refused one gives its error in its place. */
function simulateAll(inputs: readonly unknown[]): unknown[] {
  const progress = new Progress()
  try {
    return inputs.map((input, i) => {
      if (i > 0 && i % REPORT_EVERY === 0) progress.say(`${i} of ${inputs.length} configurations`)
      try {
        return simulate(parseConfig(input, 'simulate')).result
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) }
      }
    })
  } finally {
    progress.end()
  }
}
