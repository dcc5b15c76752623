import { readConfig } from '../config/parse.ts'
import { quoted } from '../config/quoted.ts'
import type { ModelConfig, RunConfig } from '../config/types.ts'
import { refused, faultOf } from '../core/errors.ts'
import type { ModelShape } from '../model/shape.ts'
import type { SafetensorsHeader } from './safetensors.ts'

/**
 * What the metadata of a weights file states beyond what shapes reveal. null where the file does not state it; nothing
 * is guessed.
 */
export interface WeightsMetadata {
  readonly model: ModelShape | null
  /** Sequence length in training: later positions were never trained. */
  readonly sequence: number | null
  /** The serialized tokenizer with its vocabulary (data/tokenizers/state-text.ts). */
  readonly tokenizer: string | null
}

const MODEL = 'tabcluster.model'
const SEQUENCE = 'tabcluster.sequence'
const TOKENIZER = 'tabcluster.tokenizer'

/** The metadata to write. */
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

/** Throws RefusedError on `field` where the metadata is not a valid model or length. */
export function readWeightsMetadata({ metadata }: SafetensorsHeader, field: string): WeightsMetadata {
  const { [MODEL]: model, [SEQUENCE]: sequence, [TOKENIZER]: tokenizer } = metadata
  if (sequence !== undefined && !/^[1-9]\d{0,8}$/.test(sequence))
    throw refused(field, 'sequence-metadata-bad', { key: SEQUENCE, value: quoted(sequence) })
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
    throw refused(field, 'model-metadata-bad', {
      key: MODEL,
      why: faultOf(error),
    })
  }
}

/** Refuses weights of another model by the first size that differs: some sizes affect no shape. */
export function checkModel({ model }: WeightsMetadata, config: ModelConfig, field: string): void {
  if (model === null) return
  const expected = shapeOf(config)
  for (const key of Object.keys(expected) as (keyof ModelShape)[])
    if (model[key] !== expected[key])
      throw refused(field, 'model-differs', {
        key,
        value: String(model[key]),
        field: key,
        expected: String(expected[key]),
      })
}
