import { refused } from '../../core/errors.ts'

/**
 * The k elements of largest magnitude, as [ index of each, u32, ascending ] [ value of each, float32 ]. Of equal
 * magnitudes the lower index wins, so that equal input gives equal bytes everywhere. The remainder is what error
 * feedback adds to the next step's gradient.
 */
function topkCount(elements: number, ratio: number): number {
  if (!(ratio > 0 && ratio <= 1)) throw refused('ratio', 'ratio-out-of-range', { ratio })
  return Math.min(elements, Math.max(1, Math.ceil(elements * ratio)))
}

export function topkBytes(elements: number, ratio: number): number {
  return 8 * topkCount(elements, ratio)
}

const SIGN = 0x7fffffff

/**
 * Bits of the k-th largest magnitude, by radix selection (8 bits at a time, as in the kernel): magnitudes of floats are
 * ordered like their bits. `above` is how many are strictly larger.
 */
function threshold(bits: Uint32Array, k: number): { readonly key: number; readonly above: number } {
  const counts = new Uint32Array(256)
  let key = 0
  let above = 0
  for (let shift = 24; shift >= 0; shift -= 8) {
    counts.fill(0)
    const known = shift === 24 ? 0 : (0xffffffff << (shift + 8)) >>> 0
    for (const word of bits) {
      const magnitude = word & SIGN
      if ((magnitude & known) >>> 0 !== key) continue
      const digit = (magnitude >>> shift) & 255
      counts[digit] = counts[digit]! + 1
    }
    let digit = 255
    for (; digit > 0 && above + counts[digit]! < k; digit--) above += counts[digit]!
    key = (key | (digit << shift)) >>> 0
  }
  return { key, above }
}

export function encodeTopk(values: Float32Array, ratio: number): Uint8Array<ArrayBuffer> {
  const k = topkCount(values.length, ratio)
  const bytes = new Uint8Array(8 * k)
  if (k === 0) return bytes
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const { key, above } = threshold(bits, k)
  const indices = new Uint32Array(bytes.buffer, 0, k)
  const kept = new Float32Array(bytes.buffer, 4 * k, k)
  let ties = k - above
  let n = 0
  for (let i = 0; i < values.length; i++) {
    const magnitude = bits[i]! & SIGN
    if (magnitude < key || (magnitude === key && ties-- <= 0)) continue
    indices[n] = i
    kept[n] = values[i]!
    n++
  }
  return bytes
}

export function decodeTopk(bytes: Uint8Array, into: Float32Array): void {
  const k = bytes.length / 8
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  into.fill(0)
  for (let n = 0; n < k; n++) {
    const index = view.getUint32(4 * n, true)
    if (index >= into.length) throw refused('topk', 'index-outside-vector', { index, count: into.length })
    into[index] = view.getFloat32(4 * (k + n), true)
  }
}
