import { serializeSafetensors } from '../checkpoint/safetensors.ts'
import { runWeightsMetadata } from '../cluster/given-weights.ts'
import type { Run, RunOptions } from '../cluster/run.ts'
import { startRun } from '../cluster/run.ts'
import type { RunResult } from '../config/result.ts'
import type { RunConfig } from '../config/types.ts'
import { parameterTable } from '../model/parameters.ts'
import type { ProgressLine } from './io.ts'
import { oneLine, putResult } from './io.ts'
import { LastGoodStep } from './last-good-step.ts'
import type { Output } from './outputs.ts'

/** The outputs of a training, where requested. */
export type TrainOutputs = Partial<Record<'out' | 'save' | 'gradients' | 'checkpoint', Output>>

/** Trains and writes the outputs. A failed run leaves the state after its last good step; its error is rethrown. */
export async function runAndWrite(request: RunOptions, outputs: TrainOutputs, progress: ProgressLine): Promise<void> {
  const { config, dataset } = request
  const total = config.steps ?? config.epochs! * dataset.stepsPerEpoch
  const keep = (run: Run) => {
    run.keepCheckpoint = outputs.checkpoint !== undefined
    run.keepWeights = outputs.save !== undefined
  }
  const lastGood = new LastGoodStep(request, keep)
  let run: Run | null = null
  let measured: RunResult | null = null
  run = await startRun({
    ...request,
    captureGradients: outputs.gradients !== undefined,
    onEvent: (event) => {
      if (event.kind === 'failed') measured = event.result
      if (event.kind !== 'step') return
      if (run !== null && (outputs.save || outputs.checkpoint)) lastGood.afterStep(run)
      const { step, loss } = event.result
      progress.show(
        `step ${step + 1}/${total}  loss ${loss.toFixed(4)}  ${(event.tokensPerSecond ?? 0).toFixed(0)} tokens/s`,
      )
    },
  })
  keep(run)
  let result: RunResult
  try {
    result = await run.finished
  } catch (error) {
    progress.end()
    const message = oneLine(error instanceof Error ? error.message : String(error))
    await writeLastGood(request, outputs, { run, measured: withError(measured, message), lastGood }, progress).catch(
      (reason: unknown) =>
        progress.show(`its last good step is lost: ${reason instanceof Error ? reason.message : String(reason)}`),
    )
    throw error
  }
  progress.end()
  // A printed result goes first: it is not lost if writing a file fails.
  if (!outputs.out) await putResult(JSON.stringify(result, null, 2))
  await writeFiles(request, outputs, { result, final: run, first: run })
}

function withError(measured: RunResult | null, error: string): RunResult | null {
  return measured && { ...measured, error }
}

interface Failed {
  readonly run: Run
  /** Its good steps; null when there were none, and so nothing to write. */
  readonly measured: RunResult | null
  readonly lastGood: LastGoodStep
}

async function writeLastGood(
  request: RunOptions,
  outputs: TrainOutputs,
  { run: first, measured, lastGood }: Failed,
  progress: ProgressLine,
): Promise<void> {
  const last = measured?.steps?.at(-1)
  if (!measured || !last) return
  if (!outputs.out) await putResult(JSON.stringify(measured, null, 2))
  if (Object.keys(outputs).length === 0) return
  const done = last.step + 1
  progress.show(`failed: writing the state after step ${done}`)
  if (!outputs.save && !outputs.checkpoint)
    return writeFiles(request, outputs, { result: measured, final: first, first })
  const final = await lastGood.rerun(done)
  const { parametersHash } = await final.finished
  const result = parametersHash === undefined ? measured : { ...measured, parametersHash }
  await writeFiles(request, outputs, { result, final, first })
}

interface Written {
  readonly result: RunResult
  /** The run whose weights and checkpoint are written. */
  readonly final: Run
  /** The run whose first gradient is written. */
  readonly first: Run
}

/** Writes every requested file, even when one fails; then throws the first error. */
async function writeFiles(
  { config, dataset }: RunOptions,
  outputs: TrainOutputs,
  { result, final, first }: Written,
): Promise<void> {
  const files: (() => Promise<void> | undefined)[] = [
    () => (first.gradients === null ? undefined : outputs.gradients?.write(asFile(config, first.gradients, {}))),
    () => outputs.save?.write(asFile(config, final.finalWeights!, runWeightsMetadata(config, dataset.tokenizer))),
    async () => outputs.checkpoint?.write(new Uint8Array(await final.finalCheckpoint!.arrayBuffer())),
    () => outputs.out?.write(`${JSON.stringify(result, null, 2)}\n`),
  ]
  const errors: unknown[] = []
  for (const write of files)
    try {
      await write()
    } catch (error) {
      errors.push(error)
    }
  if (errors.length > 0) throw errors[0]
}

function asFile(
  config: RunConfig,
  tensors: ReadonlyMap<string, Float32Array>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const named = parameterTable(config.model).map(({ name, shape }) => ({ name, shape, data: tensors.get(name)! }))
  return serializeSafetensors(named, metadata)
}
