import { startRun } from '../cluster/run.ts'
import { nodeTaskHost } from '../cluster/hosts/node-tasks.ts'
import { closeNodeGpu } from '../cluster/hosts/node-gpu.ts'
import { readHeader } from '../checkpoint/safetensors.ts'
import { parseConfig } from '../config/parse.ts'
import { RefusedError } from '../core/errors.ts'
import { Progress, putResult, readJson } from './io.ts'
import { datasetOf, fileSource, readWeights, refuseUnexecutable } from './train.ts'

export interface GenerateOptions {
  readonly weights: string
  readonly prompt: string
  readonly config?: string
  readonly tokens: string
  readonly temperature: string
  readonly topK: string
  readonly seed: string
}

function number(value: string, field: string, least: number, most: number, whole: boolean): number {
  const parsed = Number(value)
  if (value.trim() === '' || !(parsed >= least && parsed <= most) || (whole && !Number.isInteger(parsed)))
    throw new RefusedError(field, `"${value}" must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}`)
  return parsed
}

/** The GPT-2 shape that a weights file speaks of, when no configuration says it. */
async function shapeOf(path: string): Promise<Record<string, unknown>> {
  const source = await fileSource(path, 'weights')
  try {
    const { entries } = await readHeader(source)
    const find = (name: string) => entries.find((each) => each.name.replace(/^transformer\./, '') === name)?.shape
    const [wte, wpe] = [find('wte.weight'), find('wpe.weight')]
    if (!wte || !wpe) throw new RefusedError('weights', `"${path}" has no wte.weight and wpe.weight: not a GPT-2`)
    const layers = entries.filter((each) => /(^|\.)h\.\d+\.ln_1\.weight$/.test(each.name)).length
    const embed = wte[1]!
    const heads = embed % 64 === 0 && embed >= 512 ? embed / 64 : 4
    return { layers, heads, embed, context: wpe[0], vocab: wte[0] }
  } finally {
    await source.close()
  }
}

/** `generate`: text after a prompt, from weights on disk, under the configuration's parallelism when one is given. */
export async function generate(options: GenerateOptions): Promise<void> {
  const request = {
    prompt: options.prompt,
    tokens: number(options.tokens, 'tokens', 1, 100_000, true),
    temperature: number(options.temperature, 'temperature', 0, 100, false),
    topK: number(options.topK, 'top-k', 0, 1_000_000, true),
    seed: number(options.seed, 'seed', 0, Number.MAX_SAFE_INTEGER, true),
  }
  if (request.prompt === '') throw new RefusedError('prompt', '"" has no tokens; write at least one character')
  const given = options.config === undefined ? null : await readJson(options.config, 'config')
  const shape = options.config === undefined ? await shapeOf(options.weights) : null
  const tokenizer = shape !== null && Number(shape.vocab) >= 50257 ? 'gpt2' : 'byte'
  const config = parseConfig(
    shape === null
      ? given
      : { model: shape, data: { tokenizer }, batch: { sequence: Math.min(64, Number(shape.context)) } },
  )
  refuseUnexecutable(config)
  const progress = new Progress()
  try {
    const init = await readWeights(options.weights, config, 'weights')
    const dataset = await datasetOf(config, progress)
    const run = await startRun({ config, dataset, host: nodeTaskHost(), init, startPaused: true })
    try {
      const text = await run.generate(request, () => undefined)
      await putResult(request.prompt + text, undefined)
    } finally {
      await run.stop().catch(() => undefined)
    }
  } finally {
    progress.end()
    closeNodeGpu()
  }
}
