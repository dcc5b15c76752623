import { RefusedError } from '../core/errors.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import { fileName, modelNames } from './file-names.ts'
import type { ModelNames } from './file-names.ts'
import type { ByteSource, SafetensorsHeader, TensorEntry } from './safetensors.ts'
import { readChunks, readHeader, readTensor } from './safetensors.ts'

/**
 * Whole tensors by name from a Hugging Face file of the model's family: the prefix of a model with a head ("transformer.",
 * "model.") may be there or not, buffers are skipped, a tied head and its embedding stand for each other where only one is
 * there and must be equal where both are. Every expected tensor must be there with its shape; anything else is refused by
 * name.
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
  const names = modelNames(specs)
  const { parameters, head } = matchEntries(header, names, field)
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
  if (head && names.tiedTo !== null)
    await checkTied(source, header, head, { name: names.tiedTo, values: weights.get(names.tiedTo)! }, field)
  return weights
}

interface Matched {
  readonly parameters: ReadonlyMap<string, TensorEntry>
  /** A tied head's own copy of the embedding. */
  readonly head: TensorEntry | null
}

/** Which tensor of the file is which parameter; refused before anything large is read. */
function matchEntries(header: SafetensorsHeader, names: ModelNames, field: string): Matched {
  const refuse = (what: string): never => {
    throw new RefusedError(field, what)
  }
  const { parameters: expected, tiedTo } = names
  const parameters = new Map<string, TensorEntry>()
  let head: TensorEntry | null = null
  for (const entry of header.entries) {
    const found = fileName(entry.name, names)
    if (found.kind === 'skipped') continue
    const name = found.kind === 'tiedHead' ? tiedTo : found.name
    const spec = name === null ? undefined : expected.get(name)
    if (name === null || !spec) return refuse(`${entry.name} does not belong to this model`)
    if (spec.shape.length !== entry.shape.length || spec.shape.some((size, d) => size !== entry.shape[d]))
      refuse(`${entry.name} has shape [${entry.shape.join(', ')}]; the model takes [${spec.shape.join(', ')}]`)
    if (found.kind === 'tiedHead') {
      if (head) refuse(`${entry.name} is there twice`)
      head = entry
    } else {
      if (parameters.has(name)) refuse(`${entry.name} is there twice`)
      parameters.set(name, entry)
    }
  }
  if (head && tiedTo !== null && !parameters.has(tiedTo)) {
    parameters.set(tiedTo, head)
    head = null
  }
  for (const name of expected.keys()) if (!parameters.has(name)) refuse(`${name} is missing`)
  return { parameters, head }
}

/** A head that is not the embedding belongs to another model. */
async function checkTied(
  source: ByteSource,
  header: SafetensorsHeader,
  head: TensorEntry,
  embedding: { readonly name: string; readonly values: Float32Array },
  field: string,
): Promise<void> {
  for await (const { from, values } of readChunks(source, header, head))
    for (let i = 0; i < values.length; i++)
      if (values[i] !== embedding.values[from + i])
        throw new RefusedError(
          field,
          `${head.name} differs from ${embedding.name} at element ${from + i}; the model's head is tied`,
        )
}
