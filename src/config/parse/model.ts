import { RefusedError } from '../../core/errors.ts'
import { say } from '../../core/said.ts'
import { MODEL_PRESETS, MODEL_PRESET_NAMES, isModelPreset } from '../../model/presets.ts'
import type { ModelShape } from '../../model/shape.ts'
import { DEFAULT_PRESET } from '../defaults.ts'
import type { Fragment, Reader } from '../reader.ts'
import { show, wholeNumber } from '../reader.ts'
import type { ModelConfig } from '../types.ts'

const SIZES = { layers: 10_000, heads: 10_000, embed: 1_000_000, context: 10_000_000, vocab: 10_000_000 } as const
type Size = keyof typeof SIZES

/** The fields that make a shape, without the name of its preset. */
export function shapeFields({ preset: _, ...shape }: ModelConfig): ModelShape {
  return shape
}

/** What a field says in the schema: a size has no default of its own, it is the preset's. */
function wholeFrom1(maximum: number): Fragment {
  return { type: 'integer', minimum: 1, maximum }
}

/** A preset, or fields of a shape over a preset: over the default one where none is named. */
export function readModel(reader: Reader): ModelConfig {
  const given = Object.keys(SIZES).some((key) => reader.has(key))
  const named = reader.raw('preset', { enum: [...MODEL_PRESET_NAMES, null] }) ?? (given ? null : DEFAULT_PRESET)
  if (named !== null && !(typeof named === 'string' && isModelPreset(named)))
    throw new RefusedError('model.preset', say`${show(named)} must be one of ${MODEL_PRESET_NAMES.join(', ')}`)
  const base: ModelShape = MODEL_PRESETS[named ?? DEFAULT_PRESET]
  const whole = (key: string, most: number, otherwise: number): number => {
    const value = reader.raw(key, wholeFrom1(most))
    return value === undefined ? otherwise : wholeNumber(reader.at(key), value, 1, most)
  }
  const size = (key: Size): number => whole(key, SIZES[key], base[key])
  const [layers, heads, embed, context, vocab] = [
    size('layers'),
    size('heads'),
    size('embed'),
    size('context'),
    size('vocab'),
  ]
  const family = reader.choice('family', base.family, ['gpt2', 'llama'])
  // LLaMA's rule: two thirds of 4C, rounded up to a multiple of 256.
  const ffn = family === 'llama' ? Math.ceil((8 * embed) / 3 / 256) * 256 : 4 * embed
  const sameFamily = base.family === family
  const shape: ModelShape = {
    family,
    layers,
    heads,
    kvHeads: whole('kvHeads', SIZES.heads, base.heads === heads ? base.kvHeads : heads),
    headSize: reader.integerOrNull('headSize', 1, SIZES.heads) ?? embed / heads,
    embed,
    ffn: whole('ffn', SIZES.vocab, sameFamily && base.embed === embed ? base.ffn : ffn),
    context,
    vocab,
    tied: reader.boolean('tied', sameFamily ? base.tied : family === 'gpt2'),
  }
  reader.end()
  return { preset: sameShape(shape, base) ? named : null, ...shape }
}

function sameShape(a: ModelShape, b: ModelShape): boolean {
  return (Object.keys(a) as (keyof ModelShape)[]).every((key) => a[key] === b[key])
}
