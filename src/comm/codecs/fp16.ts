/**
 * IEEE 754 binary16, two per word: rounds to nearest, ties to even; gradual underflow. Values beyond 65504 are clamped:
 * an infinite gradient would spoil the sum on every rank.
 */
export function fp16Bytes(elements: number): number {
  return 4 * Math.ceil(elements / 2)
}

const LARGEST = 65504
const floats = new Float32Array(1)
const words = new Uint32Array(floats.buffer)

/** Bits of the nearest half-precision number. */
export function toHalf(value: number): number {
  floats[0] = Math.min(LARGEST, Math.max(-LARGEST, value))
  const bits = words[0]!
  const sign = (bits >>> 16) & 0x8000
  const exponent = (bits >>> 23) & 0xff
  const fraction = bits & 0x7fffff
  if (exponent === 0xff) return 0x7e00
  // Below 2^-25 (half the smallest half) everything rounds to zero; float32's own subnormals lie far below.
  if (exponent < 102) return sign
  const shift = exponent < 113 ? 126 - exponent : 13
  const whole = fraction | 0x800000
  const kept = exponent < 113 ? whole >>> shift : ((exponent - 112) << 10) | (fraction >>> 13)
  const rest = (exponent < 113 ? whole : fraction) & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  // A carry out of the fraction correctly increments the exponent.
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0))
}

export function fromHalf(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

export function encodeFp16(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fp16Bytes(values.length))
  const halves = new Uint16Array(bytes.buffer)
  for (let i = 0; i < values.length; i++) halves[i] = toHalf(values[i]!)
  return bytes
}

export function decodeFp16(bytes: Uint8Array, into: Float32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = fromHalf(bytes[2 * i]! | (bytes[2 * i + 1]! << 8))
}
