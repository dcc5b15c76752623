/** IEEE 754 binary16 and bfloat16 as stored bits, widened to f32. */

/** The value of half-precision bits. */
export function halfToNumber(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

let table: Float32Array | null = null

/** All 65,536 halves as f32, computed once: a tensor of millions is read by look-up. */
function halfTable(): Float32Array {
  if (table === null) {
    table = new Float32Array(65536)
    for (let bits = 0; bits < 65536; bits++) table[bits] = halfToNumber(bits)
  }
  return table
}

/** out[i] = the value of half-precision bits[i]. */
export function widenHalf(bits: Uint16Array, out: Float32Array): void {
  const values = halfTable()
  for (let i = 0; i < bits.length; i++) out[i] = values[bits[i]!]!
}

/** out[i] = the value of bfloat16 bits[i]: the upper half of an f32. */
export function widenBfloat16(bits: Uint16Array, out: Float32Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length)
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16
}
