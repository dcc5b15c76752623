/**
 * Signed bytes with a scale per chunk: q = round(x / scale) in −127 … 127 with scale = largest |x| of the chunk / 127.
 *
 *   [ scale of each chunk, float32 ] [ a byte per element ] [ zeros up to a multiple of 4 ]
 */
const INT8_CHUNK = 256

export function int8Bytes(elements: number): number {
  return 4 * Math.ceil(elements / INT8_CHUNK) + 4 * Math.ceil(elements / 4)
}

export function encodeInt8(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(int8Bytes(values.length))
  const chunks = Math.ceil(values.length / INT8_CHUNK)
  const scales = new Float32Array(bytes.buffer, 0, chunks)
  const quanta = new Int8Array(bytes.buffer, 4 * chunks)
  for (let chunk = 0; chunk < chunks; chunk++) {
    const start = chunk * INT8_CHUNK
    const end = Math.min(values.length, start + INT8_CHUNK)
    let largest = 0
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(values[i]!))
    // Kept in float32, as the receiver will see it. NaN passes through the scale to every element of its chunk.
    const scale = Math.fround(largest / 127)
    scales[chunk] = scale
    if (scale === 0) continue
    for (let i = start; i < end; i++) quanta[i] = Math.max(-127, Math.min(127, nearest(values[i]! / scale)))
  }
  return bytes
}

/** Round to nearest, ties to even, as WGSL's round does. */
function nearest(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  if (rest !== 0.5) return Math.round(x)
  return floor % 2 === 0 ? floor : floor + 1
}

export function decodeInt8(bytes: Uint8Array, into: Float32Array): void {
  const chunks = Math.ceil(into.length / INT8_CHUNK)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let chunk = 0; chunk < chunks; chunk++) {
    const scale = view.getFloat32(4 * chunk, true)
    const end = Math.min(into.length, (chunk + 1) * INT8_CHUNK)
    for (let i = chunk * INT8_CHUNK; i < end; i++) into[i] = view.getInt8(4 * chunks + i) * scale
  }
}
