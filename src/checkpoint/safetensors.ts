import { isObject, quoted } from '../config/quoted.ts'
import { RefusedError, refuserOf, invariant } from '../core/errors.ts'
import type { Refuse } from '../core/errors.ts'
import { widenBfloat16, widenHalf } from '../core/float16.ts'
import { firstDuplicateKey } from './duplicate-key.ts'
import { identifyFile } from './identify-file.ts'

/**
 * The safetensors format: a u64 little-endian header length, a JSON header {name: {dtype, shape, data_offsets}}, then the
 * tensors' bytes with no gaps. F32, F16 and BF16 are read, F32 is written.
 */

export interface Tensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export interface TensorEntry {
  readonly name: string
  readonly dtype: 'F32' | 'F16' | 'BF16' | 'OTHER'
  readonly shape: readonly number[]
  /** Bytes within the data part. */
  readonly begin: number
  readonly end: number
}

export interface SafetensorsHeader {
  readonly entries: readonly TensorEntry[]
  readonly metadata: Readonly<Record<string, string>>
  /** Offset of the data part in the file. */
  readonly dataStart: number
}

/** A file whose header has been read. */
export interface SafetensorsFile {
  readonly source: ByteSource
  readonly header: SafetensorsHeader
}

/** A source of byte ranges: a File, a buffer, a file handle. */
export interface ByteSource {
  readonly size: number
  read(begin: number, end: number): Promise<Uint8Array>
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (begin, end) => bytes.subarray(begin, end) }
}

export function blobSource(blob: Blob): ByteSource {
  return { size: blob.size, read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()) }
}

/** The limit of the format's reference reader. */
const MAX_HEADER_BYTES = 100_000_000
/** Bytes per read: a multiple of 4, so that no number is split. */
const CHUNK_BYTES = 8 * 1024 * 1024
const SIZES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  U16: 2,
  U32: 4,
  U64: 8,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
}

const refuse: Refuse = refuserOf('safetensors')

export async function openSafetensors(source: ByteSource): Promise<SafetensorsFile> {
  return { source, header: await readHeader(source) }
}

/** Reads and checks the header: every tensor's bytes match its shape, with no overlaps, gaps or leftovers. */
export async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  if (source.size < 8) refuse('file-shorter-than-header', { bytes: source.size })
  const first = await readExactly(source, 0, 8)
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true))
  if (length > MAX_HEADER_BYTES || length + 8 > source.size) {
    const what = identifyFile(await readExactly(source, 0, Math.min(source.size, 512)))
    if (what !== null) throw new RefusedError({ ...what, field: 'safetensors' })
    refuse('header-longer-than-file', { claimed: length, bytes: source.size })
  }
  const json = parseHeader(await readExactly(source, 8, 8 + length))
  const dataBytes = source.size - 8 - length
  const metadata: Record<string, string> = {}
  const entries: TensorEntry[] = []
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') Object.assign(metadata, readMetadata(value))
    else entries.push(readEntry(name, value, dataBytes))
  }
  let end = 0
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin < end) refuse('tensor-overlaps', { name: entry.name, begin: entry.begin })
    if (entry.begin > end) refuse('bytes-between-tensors', { name: entry.name, begin: entry.begin, end })
    end = entry.end
  }
  if (end !== dataBytes) refuse('bytes-after-tensors', { bytes: dataBytes - end })
  return { entries, metadata, dataStart: 8 + length }
}

/** A source that returns fewer bytes than its size is a file truncated while being read. */
async function readExactly(source: ByteSource, begin: number, end: number): Promise<Uint8Array> {
  const bytes = await source.read(begin, end)
  if (bytes.length !== end - begin) refuse('file-ends-early', { byte: begin + bytes.length, promised: source.size })
  return bytes
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let text = ''
  let json: unknown
  try {
    // Copied: text decoders do not accept shared memory.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.slice())
    json = JSON.parse(text)
  } catch {
    refuse('header-not-json')
  }
  if (!isObject(json)) refuse('header-not-object', { value: quoted(json) })
  const twice = firstDuplicateKey(text)
  if (twice !== null) refuse('key-twice', { key: twice })
  return json
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isObject(value)) refuse('metadata-not-object', { value: quoted(value) })
  const metadata: Record<string, string> = {}
  for (const [key, each] of Object.entries(value)) {
    if (typeof each !== 'string') refuse('metadata-not-text', { key, value: quoted(each) })
    metadata[key] = each
  }
  return metadata
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function readEntry(name: string, value: unknown, dataBytes: number): TensorEntry {
  if (!isObject(value)) refuse('tensor-description-bad', { name, value: quoted(value) })
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string' || !Object.hasOwn(SIZES, dtype))
    refuse('tensor-dtype-unknown', { name, dtype: quoted(dtype) })
  if (!Array.isArray(shape) || !shape.every(isWhole)) refuse('tensor-shape-bad', { name, shape: quoted(shape) })
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isWhole))
    refuse('tensor-offsets-bad', { name, offsets: quoted(offsets) })
  const [begin = 0, end = 0] = offsets
  const bytes = shape.reduce((a, b) => a * b, SIZES[dtype]!)
  if (end - begin !== bytes)
    refuse('tensor-offsets-misfit', { name, dtype, shape: quoted(shape), bytes, given: end - begin })
  if (end > dataBytes) refuse('tensor-truncated', { name, end, bytes: dataBytes })
  const readable = dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' ? dtype : 'OTHER'
  return { name, dtype: readable, shape, begin, end }
}

/** A part of a tensor as f32: elements [from, from + values.length). */
export interface TensorChunk {
  readonly from: number
  readonly values: Float32Array
}

/**
 * A tensor in chunks of a few MiB, so that no second copy of a large one is in memory. Refuses other dtypes by name and
 * NaN or infinity by position: one of them spoils everything computed from it.
 */
export async function* readChunks(
  { source, header }: SafetensorsFile,
  entry: TensorEntry,
): AsyncGenerator<TensorChunk> {
  const { dtype, begin, end, name } = entry
  if (dtype === 'OTHER') refuse('tensor-dtype-unreadable', { name })
  const size = SIZES[dtype]!
  for (let at = begin; at < end; at += CHUNK_BYTES) {
    const raw = await readExactly(source, header.dataStart + at, header.dataStart + Math.min(end, at + CHUNK_BYTES))
    const bytes = raw.byteOffset % size === 0 ? raw : raw.slice()
    const from = (at - begin) / size
    const values = asFloats(dtype, bytes)
    const bad = values.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0)
      refuse('tensor-value-not-finite', {
        name,
        value: values[bad]!,
        place: placeOf(from + bad, entry.shape).join(', '),
      })
    yield { from, values }
  }
}

/** The indices of an element, outermost dimension first. */
function placeOf(element: number, shape: readonly number[]): number[] {
  let rest = element
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size
      rest = Math.floor(rest / size)
      return index
    })
    .toReversed()
}

function asFloats(dtype: 'F32' | 'F16' | 'BF16', bytes: Uint8Array): Float32Array {
  if (dtype === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  const values = new Float32Array(halves.length)
  if (dtype === 'F16') widenHalf(halves, values)
  else widenBfloat16(halves, values)
  return values
}

/** One whole tensor as f32, in its own memory; `onBytes` is called after every chunk. */
export async function readTensor(
  file: SafetensorsFile,
  entry: TensorEntry,
  onBytes: (bytes: number) => void = () => {},
): Promise<Float32Array> {
  const whole = new Float32Array(entry.shape.reduce((a, b) => a * b, 1))
  for await (const { from, values } of readChunks(file, entry)) {
    whole.set(values, from)
    onBytes((values.length * (entry.end - entry.begin)) / whole.length)
  }
  return whole
}

/** A file of F32 tensors in the given order, in parts, so that a Blob or a stream needs no further copy. */
export function safetensorsParts(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer>[] {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } }
  let offset = 0
  for (const { name, shape, data } of tensors) {
    invariant(data.length === shape.reduce((a, b) => a * b, 1), `${name} has ${data.length} elements`)
    invariant(!Object.hasOwn(header, name), `${name} is written twice`)
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  // The data part is 8-byte aligned; the header may be padded with spaces.
  const length = Math.ceil(json.length / 8) * 8
  const head = new Uint8Array(8 + length)
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true)
  head.fill(0x20, 8)
  head.set(json, 8)
  return [head, ...tensors.map(({ data }) => ownBytes(data))]
}

/** The bytes of a float array; copied only out of shared memory, which files do not accept. */
function ownBytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array<ArrayBuffer> {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, byteLength)
  const copy = new Uint8Array(byteLength)
  copy.set(new Uint8Array(buffer, byteOffset, byteLength))
  return copy
}

/** The same file as one array. */
export function serializeSafetensors(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts = safetensorsParts(tensors, metadata)
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    file.set(part, at)
    at += part.length
  }
  return file
}
