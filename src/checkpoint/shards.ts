import { isObject, quoted } from '../config/quoted.ts'
import { RefusedError, refused, refuserOf, invariant } from '../core/errors.ts'
import type { Refuse } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import { renameRefusedField } from '../core/rename-refused-field.ts'
import type { ByteSource, SafetensorsFile, TensorEntry } from './safetensors.ts'
import { readHeader } from './safetensors.ts'
import { identifyFile } from './identify-file.ts'

/** The contents of a "model.safetensors.index.json": the file of each tensor. */
export type ShardIndex = ReadonlyMap<string, string>

const refuse: Refuse = refuserOf('safetensors')

/** Reads an index's text. Shards lie next to the index: a path that leads elsewhere is refused. */
export function readShardIndex(text: string): ShardIndex {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    const found = /^\s*\{/.test(text) ? null : identifyFile(new TextEncoder().encode(text.slice(0, 512)))
    throw new RefusedError({ ...(found ?? sentence('index-not-json')), field: 'safetensors' })
  }
  const map = isObject(json) ? json.weight_map : undefined
  if (!isObject(map)) return refuse('index-without-map')
  const files = new Map<string, string>()
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !/^[^/\\]+\.safetensors$/.test(file))
      return refuse('shard-path-leads-elsewhere', { tensor, file: quoted(file) })
    files.set(tensor, file)
  }
  if (files.size === 0) refuse('index-empty')
  return files
}

/** Several files as one, concatenated. A range lies within one of them. */
function concatenated(sources: readonly ByteSource[], starts: readonly number[]): ByteSource {
  return {
    size: sources.reduce((sum, { size }) => sum + size, 0),
    async read(begin, end) {
      const at = starts.findLastIndex((start) => start <= begin)
      const [source, start] = [sources[at]!, starts[at]!]
      invariant(end - start <= source.size, `bytes ${begin} to ${end} are in two shards`)
      return source.read(begin - start, end - start)
    },
  }
}

/** The tensors of an index, each read from its shard, as if from one file. */
export async function openShards(
  index: ShardIndex,
  open: (file: string) => Promise<ByteSource>,
): Promise<SafetensorsFile> {
  const sources: ByteSource[] = []
  const starts: number[] = []
  const entries: TensorEntry[] = []
  let size = 0
  for (const file of new Set(index.values())) {
    const source = await open(file)
    const { entries: inside, dataStart } = await renameRefusedField('safetensors', file, () =>
      readHeader(source),
    ).catch((error: unknown) => {
      throw error instanceof RefusedError ? refused('safetensors', 'shard-unreadable', { why: error.fault }) : error
    })
    const found = new Map(inside.map((entry) => [entry.name, entry]))
    for (const [name, where] of index) {
      if (where !== file) continue
      const entry = found.get(name)
      if (!entry) return refuse('tensor-not-in-shard', { name, file })
      const shift = size + dataStart
      entries.push({ ...entry, begin: entry.begin + shift, end: entry.end + shift })
    }
    sources.push(source)
    starts.push(size)
    size += source.size
  }
  return { source: concatenated(sources, starts), header: { entries, metadata: {}, dataStart: 0 } }
}
