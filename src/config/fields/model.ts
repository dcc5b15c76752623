import { MODEL_PRESETS, MODEL_PRESET_NAMES } from '../../model/presets.ts'
import type { ModelPreset } from '../../model/presets.ts'
import { ROPE_THETA } from '../../model/shape.ts'
import type { ModelShape } from '../../model/shape.ts'
import { computed, field, group } from '../field.ts'
import type { Plain } from '../field.ts'
import { between, choice, nullable, nullForDefault, integer, flag } from '../field-types.ts'

/** Any of these without a preset defines a custom shape. */
export const SIZES = ['layers', 'heads', 'embed', 'context', 'vocab'] as const

const DEFAULT_PRESET: ModelPreset = 'nano'

/** The part of a configuration that the rows below read, filled as far as they precede. */
interface Filled {
  readonly model: ModelShape & { readonly preset: ModelPreset | null }
}

/** The shape that defaults come from: the named preset's, or the default one. */
function baseOf({ model }: Filled): ModelShape {
  return MODEL_PRESETS[model.preset ?? DEFAULT_PRESET]
}

function size(name: (typeof SIZES)[number], most: number) {
  return computed(integer(1, most), { from: (config: Filled) => baseOf(config)[name] })
}

/** LLaMA's rule: two thirds of 4C, rounded up to a multiple of 256. */
function usualFfn({ family, embed }: ModelShape): number {
  return family === 'llama' ? Math.ceil((8 * embed) / 3 / 256) * 256 : 4 * embed
}

export const MODEL = group(
  {
    /** null for a custom shape. */
    preset: computed(nullable(choice(MODEL_PRESET_NAMES)), {
      from: (_: object, given: Plain) => (SIZES.some((key) => given[key] !== undefined) ? null : DEFAULT_PRESET),
    }),
    family: computed(choice(['gpt2', 'llama']), { from: (config: Filled) => baseOf(config).family }),
    layers: size('layers', 10_000),
    heads: size('heads', 10_000),
    embed: size('embed', 1_000_000),
    context: size('context', 10_000_000),
    vocab: size('vocab', 10_000_000),
    /** Key/value heads (grouped-query attention); equals heads for GPT-2. */
    kvHeads: computed(integer(1, 10_000), {
      from: (config: Filled) => {
        const base = baseOf(config)
        const { family, heads } = config.model
        return base.family === family && base.heads === heads ? base.kvHeads : heads
      },
    }),
    /** Width of one head: embed/heads unless given. */
    headSize: computed(nullForDefault(integer(1, 10_000)), {
      from: ({ model }: Filled) => model.embed / model.heads,
    }),
    /** Hidden width of the MLP; 4·embed for GPT-2. */
    ffn: computed(integer(1, 10_000_000), {
      from: (config: Filled) => {
        const { model } = config
        const base = baseOf(config)
        return base.family === model.family && base.embed === model.embed ? base.ffn : usualFfn(model)
      },
    }),
    /** Output head shares the token embedding. */
    tied: computed(flag, {
      from: (config: Filled) => {
        const { family } = config.model
        return baseOf(config).family === family ? baseOf(config).tied : family === 'gpt2'
      },
    }),
    /** Whether scores are materialized for the backward pass or fused into one kernel; null: as the software does it. */
    attention: field(nullable(choice(['fused', 'materialized'])), null, { executes: [null, 'fused'] }),
    /** Dropout probability: only the cost of its masks is simulated; null: as the software does it. */
    dropout: field(nullable(between(0, 0.99)), null, { executes: [null, 0] }),
    /** Base of the rotary positions' wavelengths, in family llama. */
    ropeTheta: computed(between(1, 1e9), {
      from: (config: Filled) => (baseOf(config).family === config.model.family ? baseOf(config).ropeTheta : ROPE_THETA),
    }),
    /** ε under the root of every norm. */
    normEpsilon: computed(between(1e-12, 1), { from: (config: Filled) => baseOf(config).normEpsilon }),
  },
  {
    /** A preset with a modified size keeps the rest, but not the name. */
    values(model: Filled['model']) {
      const base = baseOf({ model })
      const same = Object.entries(base).every(([key, value]) => model[key as keyof ModelShape] === value)
      return { ...model, preset: same ? model.preset : null }
    },
  },
)
