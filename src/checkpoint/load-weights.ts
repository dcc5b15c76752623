import { RefusedError } from '../core/errors.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import { TIED_TO, fileName } from './gpt2-names.ts'
import type { ByteSource, SafetensorsHeader, TensorEntry } from './safetensors.ts'
import { readChunks, readHeader, readTensor } from './safetensors.ts'

/**
 * Whole tensors by name from a Hugging Face GPT-2 file: an optional "transformer." prefix goes, masks are skipped, the head
 * of a tied model is skipped when it is the embedding. Every expected tensor must be there with its shape; anything else
 * is refused by name.
 * @param progress hears a fraction of the bytes read, and the tensor being read
 * @param field what a refusal names: the option that gave the file
 */
export async function loadWeights(
  source: ByteSource,
  specs: readonly ParameterSpec[],
  progress: (fraction: number, name: string) => void = () => {},
  field = 'init',
): Promise<Map<string, Float32Array>> {
  const header = await readHeader(source)
  const { parameters, head } = matchEntries(header, specs, field)
  const total = [...parameters.values()].reduce((sum, { begin, end }) => sum + end - begin, 0)
  const weights = new Map<string, Float32Array>()
  let read = 0
  for (const { name } of specs) {
    const whole = await readTensor(source, header, parameters.get(name)!, (bytes) => {
      read += bytes
      progress(read / total, name)
    })
    weights.set(name, whole)
  }
  if (head) await checkTied(source, header, head, weights.get(TIED_TO)!, field)
  return weights
}

interface Matched {
  readonly parameters: ReadonlyMap<string, TensorEntry>
  readonly head: TensorEntry | null
}

/** Which tensor of the file is which parameter; refused before anything large is read. */
function matchEntries(header: SafetensorsHeader, specs: readonly ParameterSpec[], field: string): Matched {
  const refuse = (what: string): never => {
    throw new RefusedError(field, what)
  }
  const expected = new Map(specs.map((spec) => [spec.name, spec]))
  const tied = !expected.has('lm_head.weight')
  const parameters = new Map<string, TensorEntry>()
  let head: TensorEntry | null = null
  for (const entry of header.entries) {
    const found = fileName(entry.name, tied)
    if (found.kind === 'skipped') continue
    const name = found.kind === 'tiedHead' ? TIED_TO : found.name
    const spec = expected.get(name)
    if (!spec) return refuse(`${entry.name} does not belong to this model`)
    if (spec.shape.length !== entry.shape.length || spec.shape.some((size, d) => size !== entry.shape[d]))
      refuse(`${entry.name} has shape [${entry.shape.join(', ')}]; the model takes [${spec.shape.join(', ')}]`)
    if (found.kind === 'tiedHead') {
      if (head) refuse(`${entry.name} is there twice, with and without "transformer."`)
      head = entry
    } else {
      if (parameters.has(name)) refuse(`${entry.name} is there twice, with and without "transformer."`)
      parameters.set(name, entry)
    }
  }
  const missing = specs.find(({ name }) => !parameters.has(name))
  if (missing) refuse(`${missing.name} is missing`)
  return { parameters, head }
}

/** A head that is not the embedding belongs to another model. */
async function checkTied(
  source: ByteSource,
  header: SafetensorsHeader,
  head: TensorEntry,
  embedding: Float32Array,
  field: string,
): Promise<void> {
  for await (const { from, values } of readChunks(source, header, head))
    for (let i = 0; i < values.length; i++)
      if (values[i] !== embedding[from + i])
        throw new RefusedError(
          field,
          `${head.name} differs from ${TIED_TO} at element ${from + i}; the model's head is tied`,
        )
}
