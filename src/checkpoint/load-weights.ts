import { RefusedError } from '../core/errors.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import type { ByteSource } from './safetensors.ts'
import { readHeader, readTensor } from './safetensors.ts'

/** Buffers of the attention mask that older GPT-2 files carry; they hold no weights. */
const MASKS = /(^|\.)attn\.(bias|masked_bias)$/

/**
 * Whole tensors by name from a Hugging Face GPT-2 file: an optional "transformer." prefix goes, masks are skipped, a tied
 * head is skipped. Every expected tensor must be there with its shape; anything else is refused by name.
 */
export async function loadWeights(
  source: ByteSource,
  specs: readonly ParameterSpec[],
  progress: (fraction: number, name: string) => void = () => {},
): Promise<Map<string, Float32Array>> {
  const header = await readHeader(source)
  const expected = new Map(specs.map((spec) => [spec.name, spec]))
  const weights = new Map<string, Float32Array>()
  for (const [i, entry] of header.entries.entries()) {
    const name = entry.name.replace(/^transformer\./, '')
    if (MASKS.test(name) || (name === 'lm_head.weight' && !expected.has(name))) continue
    const spec = expected.get(name)
    if (!spec) throw new RefusedError('init', `${entry.name} does not belong to this model`)
    if (weights.has(name)) throw new RefusedError('init', `${entry.name} is there twice`)
    if (spec.shape.length !== entry.shape.length || spec.shape.some((size, d) => size !== entry.shape[d]))
      throw new RefusedError('init', `${entry.name} has shape [${entry.shape.join(', ')}]; the model takes [${spec.shape.join(', ')}]`)
    weights.set(name, await readTensor(source, header, entry))
    progress((i + 1) / header.entries.length, name)
  }
  const missing = specs.find((spec) => !weights.has(spec.name))
  if (missing) throw new RefusedError('init', `${missing.name} is missing`)
  return weights
}
