import { readConfig } from '../config/parse.ts'
import { quoted } from '../config/quoted.ts'
import type { ModelConfig, RunConfig } from '../config/types.ts'
import { RefusedError } from '../core/errors.ts'
import { msg } from '../core/message.ts'
import type { ModelShape } from '../model/shape.ts'
import type { SafetensorsHeader } from './safetensors.ts'

/**
 * What a file of weights says of them beside the tensors, in its metadata: all that cannot be seen from shapes. null where the
 * file does not say it; nothing is guessed in its place.
 */
export interface WeightsMetadata {
  readonly model: ModelShape | null
  /** Tokens of a sequence in training: further behind, positions were never learned. */
  readonly sequence: number | null
  /** The tokenizer with its vocabulary, as its own room writes it. */
  readonly tokenizer: string | null
}

const MODEL = 'tabcluster.model'
const SEQUENCE = 'tabcluster.sequence'
const TOKENIZER = 'tabcluster.tokenizer'

/** The metadata that says it. */
export function weightsMetadata(
  { model, batch }: Pick<RunConfig, 'model' | 'batch'>,
  tokenizer: string | null,
): Record<string, string> {
  return {
    [MODEL]: JSON.stringify(shapeOf(model)),
    [SEQUENCE]: String(batch.sequence),
    ...(tokenizer === null ? {} : { [TOKENIZER]: tokenizer }),
  }
}

/** Throws RefusedError on `field` where the file says something that is no model or no length. */
export function readWeightsMetadata({ metadata }: SafetensorsHeader, field: string): WeightsMetadata {
  const { [MODEL]: model, [SEQUENCE]: sequence, [TOKENIZER]: tokenizer } = metadata
  if (sequence !== undefined && !/^[1-9]\d{0,8}$/.test(sequence))
    throw new RefusedError(field, `its ${SEQUENCE} is ${quoted(sequence)}, not a number of tokens`)
  return {
    model: model === undefined ? null : parseModel(model, field),
    sequence: sequence === undefined ? null : Number(sequence),
    tokenizer: tokenizer ?? null,
  }
}

function shapeOf({ preset: _, ...shape }: ModelConfig): ModelShape {
  return shape
}

function parseModel(text: string, field: string): ModelShape {
  try {
    const json: unknown = JSON.parse(text)
    return shapeOf(readConfig({ model: json }).model)
  } catch (error) {
    throw new RefusedError(field, `its ${MODEL}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Refuses weights of another model, by the first size that differs: some of them leave every shape as it is. */
export function checkModel({ model }: WeightsMetadata, config: ModelConfig, field: string): void {
  if (model === null) return
  const expected = shapeOf(config)
  for (const key of Object.keys(expected) as (keyof ModelShape)[])
    if (model[key] !== expected[key])
      throw new RefusedError(
        field,
        msg`the file's model has ${key} ${String(model[key])}; this run's model.${key} is ${String(expected[key])}`,
      )
}
