import { RefusedError } from '../core/errors.ts'
import { isObject, show } from '../config/reader.ts'

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
  /** Where the data part begins in the file. */
  readonly dataStart: number
}

/** Something to read ranges of bytes from: a File, a buffer, a file handle. */
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

/** As large as the format's reference reader takes. */
const MAX_HEADER_BYTES = 100_000_000
const SIZES: Readonly<Record<string, number>> = {
  F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, U16: 2, U32: 4, U64: 8, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1,
}

function refuse(what: string): never {
  throw new RefusedError('safetensors', what)
}

/** Reads and checks the header: every tensor's bytes fit its shape, none overlap, none are missing. */
export async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  if (source.size < 8) refuse(`the file has ${source.size} bytes; a header takes at least 8`)
  const first = await source.read(0, 8)
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true))
  if (length > MAX_HEADER_BYTES || length + 8 > source.size)
    refuse(`the header claims ${length} bytes, the file has ${source.size}`)
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode((await source.read(8, 8 + length)).slice()))
  } catch {
    refuse('the header is not JSON')
  }
  if (!isObject(json)) refuse('the header is not an object')
  const metadata: Record<string, string> = {}
  const entries: TensorEntry[] = []
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      if (isObject(value)) for (const [key, each] of Object.entries(value)) metadata[key] = String(each)
    } else entries.push(readEntry(name, value, source.size - 8 - length))
  }
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)
  let end = 0
  for (const entry of sorted) {
    if (entry.begin < end) refuse(`${entry.name} overlaps the tensor before it at byte ${entry.begin}`)
    if (entry.begin > end) refuse(`${entry.name} begins at byte ${entry.begin}; the bytes from ${end} belong to nothing`)
    end = entry.end
  }
  if (end !== source.size - 8 - length) refuse(`${source.size - 8 - length - end} bytes after the last tensor`)
  return { entries, metadata, dataStart: 8 + length }
}

function readEntry(name: string, value: unknown, dataBytes: number): TensorEntry {
  if (!isObject(value)) refuse(`${name}: ${show(value)} is not a description`)
  const { dtype, shape, data_offsets: offsets } = value
  const whole = (x: unknown): x is number => typeof x === 'number' && Number.isSafeInteger(x) && x >= 0
  if (typeof dtype !== 'string' || SIZES[dtype] === undefined) refuse(`${name}: unknown dtype ${show(dtype)}`)
  if (!Array.isArray(shape) || !shape.every(whole)) refuse(`${name}: ${show(shape)} is not a shape`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole)) refuse(`${name}: bad data_offsets ${show(offsets)}`)
  const [begin, end] = offsets as [number, number]
  const bytes = (shape as number[]).reduce((a, b) => a * b, SIZES[dtype])
  if (end - begin !== bytes) refuse(`${name}: ${dtype} of shape ${show(shape)} takes ${bytes} bytes, data_offsets give ${end - begin}`)
  if (end > dataBytes) refuse(`${name} ends at byte ${end}; the file holds ${dataBytes}: it is truncated`)
  const readable = dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' ? dtype : 'OTHER'
  return { name, dtype: readable, shape: shape as number[], begin, end }
}

/** One tensor as f32. Throws RefusedError for a dtype other than F32, F16, BF16. */
export async function readTensor(source: ByteSource, header: SafetensorsHeader, entry: TensorEntry): Promise<Float32Array> {
  if (entry.dtype === 'OTHER') refuse(`${entry.name}: its dtype cannot be read; F32, F16 and BF16 can`)
  const raw = await source.read(header.dataStart + entry.begin, header.dataStart + entry.end)
  const bytes = raw.byteOffset % 4 === 0 ? raw : raw.slice()
  if (entry.dtype === 'F32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  const values = new Float32Array(halves.length)
  if (entry.dtype === 'F16') for (let i = 0; i < halves.length; i++) values[i] = halfToFloat(halves[i]!)
  else {
    const bits = new Uint32Array(values.buffer)
    for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16
  }
  return values
}

/** IEEE 754 binary16 → number. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** A file of F32 tensors, in the given order. */
export function serializeSafetensors(tensors: readonly Tensor[], metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } }
  let offset = 0
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  // The data part starts at a multiple of 8; spaces are allowed behind the header.
  const length = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(8 + length + offset)
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true)
  file.fill(0x20, 8, 8 + length)
  file.set(json, 8)
  let at = 8 + length
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return file
}
