import { parseConfig } from '../config/parse.ts'
import { quoted } from '../config/quoted.ts'
import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import { parameterTable } from '../model/parameters.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import { renameRefusedField } from '../core/rename-refused-field.ts'
import { weightsMetadata } from './weights-metadata.ts'
import { checksumOf } from './checksum.ts'
import { loadWeights } from './load-weights.ts'
import type { ByteSource, SafetensorsFile, SafetensorsHeader, Tensor } from './safetensors.ts'
import { blobSource, openSafetensors, readHeader, readTensor, safetensorsParts } from './safetensors.ts'

/**
 * A checkpoint is one safetensors file: the weights under their Hugging Face names (so that it also serves as plain
 * weights), "moment1.<name>" and "moment2.<name>" of the optimizer, "residue.<rank>.<buffer>" of compressed gradients,
 * and in the metadata whatever an exact resume needs.
 */

export const MOMENTS = ['moment1', 'moment2'] as const
export type MomentKind = (typeof MOMENTS)[number]

type Tensors = ReadonlyMap<string, Float32Array>

export interface Checkpoint {
  /** Includes the seed; every default filled in. */
  readonly config: RunConfig
  /** Optimizer steps completed, which is the index of the next one. */
  readonly step: number
  /** Samples consumed so far: the position in the data. */
  readonly samples: number
  /** SHA-256 of the training tokens: resuming with others would be a different training. */
  readonly data: string
  /** Whole tensors by Hugging Face name. */
  readonly weights: Tensors
  /** Whole tensors by parameter name; empty where the optimizer keeps none. */
  readonly moments: Readonly<Record<MomentKind, Tensors>>
  /** Residue of compression with error feedback, by "<rank>.<buffer>"; usable by the same layout only. */
  readonly residues: Tensors
}

const VERSION = '2'
/** Written before there were checksums. */
const UNCHECKED_VERSION = '1'
const RESIDUE = 'residue.'

/** The file in parts, for a Blob or a stream; `tokenizer` is the serialized tokenizer of the run. */
export async function checkpointParts(
  checkpoint: Checkpoint,
  tokenizer: string | null,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const specs = parameterTable(checkpoint.config.model)
  const pick = (prefix: string, tensors: Tensors): Tensor[] =>
    specs.map(({ name, shape }) => {
      const data = tensors.get(name)
      if (!data) throw new Error(`internal: the checkpoint has no ${prefix}${name}`)
      return { name: prefix + name, shape, data }
    })
  const tensors = pick('', checkpoint.weights)
  for (const kind of MOMENTS)
    if (checkpoint.moments[kind].size > 0) tensors.push(...pick(`${kind}.`, checkpoint.moments[kind]))
  for (const [name, data] of checkpoint.residues) tensors.push({ name: RESIDUE + name, shape: [data.length], data })
  const metadata = {
    tabcluster: VERSION,
    step: String(checkpoint.step),
    samples: String(checkpoint.samples),
    data: checkpoint.data,
    seed: String(checkpoint.config.seed),
    config: JSON.stringify(checkpoint.config),
    ...weightsMetadata(checkpoint.config, tokenizer),
  }
  const [, ...data] = safetensorsParts(tensors)
  const shapes = tensors.map(({ name, shape }) => [name, shape])
  const checksum = await checksumOf(aboutTensors(metadata, shapes), blobSource(new Blob(data)))
  return safetensorsParts(tensors, { ...metadata, checksum })
}

/** What the checksum covers beside the tensors' bytes: their names and shapes in order, and the rest of the metadata. */
function aboutTensors(metadata: Readonly<Record<string, string>>, shapes: readonly unknown[]): unknown {
  const { checksum: _, format: __, ...rest } = metadata
  return [Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)), shapes]
}

/** Refuses a file that is not, bit for bit, what was written. */
async function checkWhole({ source, header }: SafetensorsFile): Promise<void> {
  const { metadata, entries, dataStart } = header
  if (metadata.tabcluster === UNCHECKED_VERSION && metadata.checksum === undefined) return
  const inOrder = entries.toSorted((a, b) => a.begin - b.begin)
  const data = {
    size: source.size - dataStart,
    read: (begin: number, end: number) => source.read(dataStart + begin, dataStart + end),
  }
  const shapes = inOrder.map(({ name, shape }) => [name, shape])
  if ((await checksumOf(aboutTensors(metadata, shapes), data)) !== metadata.checksum)
    throw refused('checkpoint', 'checkpoint-checksum')
}

/** Reads and checks a checkpoint. Throws RefusedError under "checkpoint". */
export async function readCheckpoint(
  source: ByteSource,
  progress: (fraction: number, name: string) => void = () => {},
): Promise<Checkpoint> {
  return renameRefusedField('safetensors', 'checkpoint', async () => readParts(await openSafetensors(source), progress))
}

async function readParts(
  file: SafetensorsFile,
  progress: (fraction: number, name: string) => void,
): Promise<Checkpoint> {
  const { header } = file
  const { config, step, samples, data } = readMetadata(header)
  await checkWhole(file)
  const specs = parameterTable(config.model)
  const present = MOMENTS.filter((kind) => header.entries.some(({ name }) => name.startsWith(`${kind}.`)))
  const share = 1 / (1 + present.length)
  const weights = await loadWeights(file, specs, {
    field: 'checkpoint',
    progress: (fraction, name) => progress(fraction * share, name),
  })
  const moments: Record<MomentKind, Tensors> = { moment1: new Map(), moment2: new Map() }
  for (const [i, kind] of present.entries()) {
    moments[kind] = await readMoments(file, specs, kind)
    progress((i + 2) * share, kind)
  }
  const residues = new Map<string, Float32Array>()
  for (const entry of header.entries)
    if (entry.name.startsWith(RESIDUE)) residues.set(entry.name.slice(RESIDUE.length), await readTensor(file, entry))
  return { config, step, samples, data, weights, moments, residues }
}

/** Configuration and position of a checkpoint, without its tensors. */
export async function readCheckpointHead(source: ByteSource): Promise<CheckpointHead> {
  return renameRefusedField('safetensors', 'checkpoint', async () => readMetadata(await readHeader(source)))
}

export type CheckpointHead = Pick<Checkpoint, 'config' | 'step' | 'samples' | 'data'>

async function readMoments(file: SafetensorsFile, specs: readonly ParameterSpec[], kind: MomentKind): Promise<Tensors> {
  const entries = new Map(file.header.entries.map((entry) => [entry.name, entry]))
  const found = new Map<string, Float32Array>()
  for (const { name, shape } of specs) {
    const entry = entries.get(`${kind}.${name}`)
    if (!entry) throw refused('checkpoint', 'state-missing', { kind, name })
    if (entry.shape.join() !== shape.join())
      throw refused('checkpoint', 'tensor-shape-differs', {
        name: entry.name,
        shape: entry.shape.join(', '),
        expected: shape.join(', '),
      })
    const values = await readTensor(file, entry)
    // Its square root is taken.
    const negative = kind === 'moment2' ? values.findIndex((value) => value < 0) : -1
    if (negative >= 0)
      throw refused('checkpoint', 'state-value-negative', {
        name: entry.name,
        value: values[negative]!,
        element: negative,
      })
    found.set(name, values)
  }
  return found
}

function readMetadata({ metadata }: SafetensorsHeader): CheckpointHead {
  const { tabcluster: version } = metadata
  if (version === undefined) throw refused('checkpoint', 'checkpoint-weights-only')
  if (version !== VERSION && version !== UNCHECKED_VERSION)
    throw refused('checkpoint', 'checkpoint-version', { version: quoted(version), known: VERSION })
  const whole = (key: string): number => {
    const text = metadata[key] ?? ''
    if (!/^\d{1,15}$/.test(text)) throw refused('checkpoint', 'metadata-not-whole-number', { key, value: quoted(text) })
    return Number(text)
  }
  let config: unknown
  try {
    config = JSON.parse(metadata.config ?? '')
  } catch {
    throw refused('checkpoint', 'checkpoint-config-not-json', { config: quoted(metadata.config) })
  }
  return { config: parseConfig(config), step: whole('step'), samples: whole('samples'), data: metadata.data ?? '' }
}
