import { RefusedError, refused, refuserOf } from '../core/errors.ts'
import type { Refuse } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import { renameRefusedField } from '../core/rename-refused-field.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import { tensorRole, modelNames } from './file-names.ts'
import type { ModelNames } from './file-names.ts'
import type { SafetensorsFile, SafetensorsHeader, TensorEntry } from './safetensors.ts'
import { readChunks, readTensor } from './safetensors.ts'

export interface LoadOptions {
  /** Called with the fraction of bytes read and the tensor being read. */
  readonly progress?: (fraction: number, name: string) => void
  /** Field a refusal names: the option that gave the file. */
  readonly field?: string
  /** Biases missing from the file are zero. */
  readonly allowMissingBias?: boolean
  /** Advice appended to the refusal of missing biases. */
  readonly missingBiasAdvice?: string
}

/**
 * Whole tensors by name from a Hugging Face file of the model's family. Wrapper names and the prefix of a model with a
 * head ("transformer.", "model.") are optional, buffers are skipped, and a tied head and its embedding stand in for
 * each other where one is missing and must be equal where both are present. Every expected tensor must be present with
 * its shape and finite values; anything else is refused by name.
 */
export async function loadWeights(
  file: SafetensorsFile,
  specs: readonly ParameterSpec[],
  options: LoadOptions = {},
): Promise<Map<string, Float32Array>> {
  const { field = 'init', progress = () => {} } = options
  return renameRefusedField('safetensors', field, async () => {
    const names = modelNames(specs)
    const { parameters, head } = matchEntries(file.header, names, field, options)
    const total = [...parameters.values()].reduce((sum, { begin, end }) => sum + end - begin, 0)
    const weights = new Map<string, Float32Array>()
    let read = 0
    for (const { name, shape } of specs) {
      const entry = parameters.get(name)
      const whole = entry
        ? await readTensor(file, entry, (bytes) => {
            read += bytes
            progress(read / total, name)
          })
        : new Float32Array(shape.reduce((a, b) => a * b, 1))
      weights.set(name, whole)
    }
    if (head && names.tiedTo !== null)
      await checkTied(file, head, { name: names.tiedTo, values: weights.get(names.tiedTo)! }, field)
    return weights
  })
}

interface Matched {
  /** Without the biases taken as zero. */
  readonly parameters: ReadonlyMap<string, TensorEntry>
  /** A tied head's own copy of the embedding. */
  readonly head: TensorEntry | null
}

/** Maps the file's tensors to parameters; refuses before anything large is read. */
function matchEntries(header: SafetensorsHeader, names: ModelNames, field: string, options: LoadOptions): Matched {
  const refuse: Refuse = refuserOf(field)
  const { parameters: expected, tiedTo } = names
  const parameters = new Map<string, TensorEntry>()
  let head: TensorEntry | null = null
  for (const entry of header.entries) {
    const found = tensorRole(entry.name, names)
    if (found.kind === 'skipped') continue
    const name = found.kind === 'tiedHead' ? tiedTo : found.name
    const spec = name === null ? undefined : expected.get(name)
    if (name === null || !spec) return refuse('tensor-not-of-model', { name: entry.name })
    if (spec.shape.length !== entry.shape.length || spec.shape.some((size, d) => size !== entry.shape[d]))
      refuse('tensor-shape-differs', {
        name: entry.name,
        shape: entry.shape.join(', '),
        expected: spec.shape.join(', '),
      })
    const before: TensorEntry | null | undefined = found.kind === 'tiedHead' ? head : parameters.get(name)
    if (before) refuse('tensor-twice', { name: entry.name, other: before.name })
    if (found.kind === 'tiedHead') head = entry
    else parameters.set(name, entry)
  }
  if (head && tiedTo !== null && !parameters.has(tiedTo)) {
    parameters.set(tiedTo, head)
    head = null
  }
  refuseMissing([...expected.keys()], parameters, options)
  return { parameters, head }
}

function refuseMissing(
  names: readonly string[],
  found: ReadonlyMap<string, TensorEntry>,
  { field = 'init', allowMissingBias = false, missingBiasAdvice: advice }: LoadOptions,
): void {
  const missing = names.filter((name) => !found.has(name))
  const needed = missing.find((name) => !name.endsWith('.bias'))
  if (needed !== undefined) throw refused(field, 'tensor-missing', { name: needed })
  if (missing.length === 0 || allowMissingBias) return
  const first = missing[0]!
  const said =
    missing.length > 1
      ? sentence('biases-missing', { name: first, more: missing.length - 1 })
      : sentence('tensor-missing', { name: first })
  throw advice === undefined
    ? new RefusedError({ ...said, field })
    : refused(field, 'missing-with-advice', { missing: said, advice })
}

/** A head that differs from the embedding belongs to another model. */
async function checkTied(
  file: SafetensorsFile,
  head: TensorEntry,
  embedding: { readonly name: string; readonly values: Float32Array },
  field: string,
): Promise<void> {
  for await (const { from, values } of readChunks(file, head))
    for (let i = 0; i < values.length; i++)
      if (values[i] !== embedding.values[from + i])
        throw refused(field, 'tied-head-differs', { head: head.name, embedding: embedding.name, element: from + i })
}
