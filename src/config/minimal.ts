import { SIZES } from './fields/model.ts'
import type { Plain } from './field.ts'
import { DEFAULTS, readConfig } from './parse.ts'
import { isObject } from './quoted.ts'
import type { DataConfig, ModelConfig, RunConfig } from './types.ts'

/**
 * Only what differs from the defaults: all that a link or a file needs. Parses back to the same configuration. Defaults
 * that depend on other fields (the sequence on the context, the order on the source) are taken with those fields given.
 */
export function minimalConfig(config: RunConfig): Plain {
  const model = minimalModel(config.model)
  const source = sourceOf(config.data)
  const base = readConfig({ model, data: source })
  const { model: _model, data, epochs, steps, ...rest } = config
  const out: Record<string, unknown> = { ...difference({ ...rest }, { ...base }) }
  if (epochs !== null) out.epochs = epochs
  else if (steps !== base.steps) out.steps = steps
  if (JSON.stringify(model) !== JSON.stringify({ preset: DEFAULTS.model.preset })) out.model = model
  const givenData = {
    ...(source.corpus === DEFAULTS.data.corpus ? {} : source),
    ...difference({ ...data }, { ...base.data }),
  }
  if (Object.keys(givenData).length > 0) out.data = givenData
  return out
}

/** All five sizes of a custom shape, so that changing a preset changes no stored shape. */
function minimalModel(model: ModelConfig): Plain {
  if (model.preset !== null) {
    const { preset } = model
    return { preset, ...difference({ ...model }, { ...readConfig({ model: { preset } }).model }) }
  }
  const sizes = Object.fromEntries(SIZES.map((size) => [size, model[size]]))
  const needed = { ...sizes, ...(model.family === 'gpt2' ? {} : { family: model.family }) }
  return { ...needed, ...difference({ ...model }, { ...readConfig({ model: needed }).model, preset: null }) }
}

function sourceOf({ corpus, text, tokens }: DataConfig): Plain {
  if (text !== null) return { text }
  return tokens !== null ? { tokens } : { corpus }
}

/** Keys of `value` that differ from `base`, objects compared recursively. */
function difference(value: Plain, base: Plain): Plain {
  const out: Record<string, unknown> = {}
  for (const [key, each] of Object.entries(value)) {
    const other = base[key]
    if (JSON.stringify(each) === JSON.stringify(other)) continue
    out[key] = isObject(each) && isObject(other) ? difference(each, other) : each
  }
  return out
}
