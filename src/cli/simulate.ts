import { closeNodeGpu, openNodeGpu } from '../cluster/hosts/node-gpu.ts'
import { measureDevice } from '../cluster/measure-device.ts'
import { parseConfig } from '../config/parse.ts'
import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import { openDevice } from '../gpu/device.ts'
import type { GpuDevice } from '../gpu/gpu-device.ts'
import type { MeasuredDevice } from '../sim/cost/measured-device.ts'
import { simulate } from '../sim/simulate.ts'
import { ProgressLine, oneLine, putResult } from './io.ts'
import { openOutputs } from './outputs.ts'
import { readJson } from './read.ts'

export interface SimulateCommandOptions {
  readonly config: string
  readonly out?: string
  readonly trace?: string
  readonly memory?: string
  /** Measure this adapter first, as the device `cluster.device: "this"`. */
  readonly calibrate?: boolean
}

/** Configurations of an array between two progress reports. */
const REPORT_EVERY = 200

/** `simulate`: clocks a configuration, or every configuration of an array, on its cluster. */
export async function simulateCommand(options: SimulateCommandOptions): Promise<void> {
  const outputs = await openOutputs({ out: options.out, trace: options.trace, memory: options.memory })
  const input = await readJson(options.config, 'config')
  for (const option of ['trace', 'memory'] as const)
    if (Array.isArray(input) && outputs[option]) throw refused(option, 'option-of-one-configuration')
  const progress = new ProgressLine()
  const calibrator = options.calibrate ? new Calibrator(progress) : null
  const clock = async (each: unknown) => {
    const config = parseConfig(each, 'simulate')
    const measured = await calibrator?.measure(config)
    return simulate(config, measured ? { measured } : {})
  }
  try {
    if (Array.isArray(input)) {
      const results = await simulateAll(input, clock, progress)
      await putResult(JSON.stringify(results), outputs.out)
      if (results.length > 0 && results.every((each) => 'error' in each))
        throw refused('config', 'none-simulated', { count: results.length })
      return undefined
    }
    const { result, trace, memory } = await clock(input)
    await outputs.trace?.write(`${JSON.stringify(trace())}\n`)
    await outputs.memory?.write(`${JSON.stringify(memory())}\n`)
    return await putResult(JSON.stringify(result, null, 2), outputs.out)
  } finally {
    progress.end()
    calibrator?.close()
  }
}

/** Measures this adapter for configurations of "this"; an op they share is timed once. */
class Calibrator {
  private gpu: GpuDevice | null = null
  private measured: MeasuredDevice | undefined

  constructor(private readonly progress: ProgressLine) {}

  async measure(config: RunConfig): Promise<MeasuredDevice | undefined> {
    if (config.cluster.device !== 'this') return undefined
    this.gpu ??= await openDevice({ gpu: await openNodeGpu() })
    this.measured = await measureDevice(this.gpu, config, this.measured, (done, of) =>
      this.progress.show(`timed ${done} of ${of} distinct ops`),
    )
    return this.measured
  }

  close(): void {
    this.gpu?.dispose()
    closeNodeGpu()
  }
}

/** Results in the order of the configurations; a refused one yields its error. */
async function simulateAll(
  inputs: readonly unknown[],
  clock: (input: unknown) => Promise<{ readonly result: object }>,
  progress: ProgressLine,
): Promise<object[]> {
  const results: object[] = []
  for (const [i, input] of inputs.entries()) {
    if (i > 0 && i % REPORT_EVERY === 0) progress.show(`${i} of ${inputs.length} configurations`)
    try {
      results.push((await clock(input)).result)
    } catch (error) {
      results.push({ error: oneLine(error instanceof Error ? error.message : String(error)) })
    }
  }
  return results
}
