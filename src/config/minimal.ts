import { isObject } from './reader.ts'
import { parseConfig } from './parse.ts'
import type { RunConfig } from './types.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Only what differs from the defaults: what a link or a file needs to say. Parses back to the same configuration. */
export function minimalConfig(config: RunConfig): Record<string, unknown> {
  const { model, batch, epochs, steps, ...rest } = config
  const base = parseConfig({
    model: model.preset === null ? modelFields(model) : { preset: model.preset },
    data: { corpus: 'translation-de-en', tokenizer: 'byte' },
  })
  const out = difference(JSON.parse(JSON.stringify(rest)), JSON.parse(JSON.stringify(base))) as Record<string, unknown>
  if (model.preset !== 'nano') out.model = model.preset === null ? modelFields(model) : { preset: model.preset }
  const batchDifference = difference(JSON.parse(JSON.stringify(batch)), JSON.parse(JSON.stringify(base.batch)))
  if (isObject(batchDifference) && Object.keys(batchDifference).length > 0) out.batch = batchDifference
  if (epochs !== null) out.epochs = epochs
  else if (steps !== base.steps) out.steps = steps
  const data = out.data
  if (isObject(data) && config.data.corpus === null) {
    const { corpus: _, ...given } = data
    out.data = given
  }
  return out
}

function modelFields({ preset: _, ...fields }: RunConfig['model']): Record<string, unknown> {
  return fields
}

function difference(value: Json, base: Json): Json {
  if (!isObject(value) || !isObject(base)) return value
  const out: Record<string, Json> = {}
  for (const [key, each] of Object.entries(value)) {
    const other = (base as Record<string, Json>)[key]
    if (JSON.stringify(each) === JSON.stringify(other)) continue
    out[key] = other === undefined ? (each as Json) : difference(each as Json, other)
  }
  return out
}
