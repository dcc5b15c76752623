/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): a counter-based generator, so that
 * element i of a tensor depends on (seed, name, i) only and any shard draws the values it holds.
 */

/** Multipliers of the round function, in halves: products of 16 bits stay exact in 32-bit integers. */
const M0 = 0xd2511f53
const M0_LOW = 0x1f53
const M0_HIGH = 0xd251
const M1 = 0xcd9e8d57
const M1_LOW = 0x8d57
const M1_HIGH = 0xcd9e
/** Key increments per round. */
const W0 = 0x9e3779b9
const W1 = 0xbb67ae85

/** Ten rounds on a counter of four words with a key of two; the result replaces the counter. */
export function philox4x32(counter: Uint32Array, key0: number, key1: number): void {
  let c0 = counter[0]! | 0
  let c1 = counter[1]! | 0
  let c2 = counter[2]! | 0
  let c3 = counter[3]! | 0
  let k0 = key0 | 0
  let k1 = key1 | 0
  for (let round = 0; round < 10; round++) {
    const low0 = c0 & 0xffff
    const high0 = c0 >>> 16
    const mid0 = (Math.imul(high0, M0_LOW) + (Math.imul(low0, M0_LOW) >>> 16)) | 0
    const cross0 = (Math.imul(low0, M0_HIGH) + (mid0 & 0xffff)) | 0
    const top0 = (Math.imul(high0, M0_HIGH) + (mid0 >>> 16) + (cross0 >>> 16)) | 0
    const low1 = c2 & 0xffff
    const high1 = c2 >>> 16
    const mid1 = (Math.imul(high1, M1_LOW) + (Math.imul(low1, M1_LOW) >>> 16)) | 0
    const cross1 = (Math.imul(low1, M1_HIGH) + (mid1 & 0xffff)) | 0
    const top1 = (Math.imul(high1, M1_HIGH) + (mid1 >>> 16) + (cross1 >>> 16)) | 0
    const next1 = Math.imul(M1, c2)
    const next3 = Math.imul(M0, c0)
    c0 = top1 ^ c1 ^ k0
    c2 = top0 ^ c3 ^ k1
    c1 = next1
    c3 = next3
    k0 = (k0 + W0) | 0
    k1 = (k1 + W1) | 0
  }
  counter[0] = c0
  counter[1] = c1
  counter[2] = c2
  counter[3] = c3
}

/** FNV-1a over UTF-16 units: hashes a name to a key word. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** The two key words of (seed, name); seeds are whole numbers up to 2^53 − 1. */
export function keyOf(seed: number, name: string): readonly [key0: number, key1: number] {
  return [seed >>> 0, (hashName(name) ^ Math.floor(seed / 2 ** 32)) >>> 0]
}

const TWO_PI = 2 * Math.PI
const UNIT = 2 ** -32

/** Fills `words` with the four words of block `block` of the keyed stream. */
function drawBlock(words: Uint32Array, block: number, key0: number, key1: number): void {
  words[0] = block
  words[1] = block / 2 ** 32
  words[2] = 0
  words[3] = 0
  philox4x32(words, key0, key1)
}

/**
 * Fills `out` with elements [first, first + out.length) of the named tensor: normal with the given mean and deviation.
 * Four values come from each block of the generator, by Box–Muller on two pairs of uniforms in (0, 1] × [0, 1).
 */
export function philoxNormal(
  seed: number,
  name: string,
  first: number,
  out: Float32Array,
  mean: number,
  std: number,
): void {
  const [key0, key1] = keyOf(seed, name)
  const words = new Uint32Array(4)
  const values = new Float64Array(4)
  const n = out.length
  let block = Math.floor(first / 4)
  let skip = first - 4 * block
  for (let i = 0; i < n; block++, skip = 0) {
    drawBlock(words, block, key0, key1)
    const radius0 = std * Math.sqrt(-2 * Math.log((words[0]! + 1) * UNIT))
    const angle0 = TWO_PI * UNIT * words[1]!
    const radius1 = std * Math.sqrt(-2 * Math.log((words[2]! + 1) * UNIT))
    const angle1 = TWO_PI * UNIT * words[3]!
    if (skip === 0 && i + 4 <= n) {
      out[i] = mean + radius0 * Math.cos(angle0)
      out[i + 1] = mean + radius0 * Math.sin(angle0)
      out[i + 2] = mean + radius1 * Math.cos(angle1)
      out[i + 3] = mean + radius1 * Math.sin(angle1)
      i += 4
    } else {
      values[0] = mean + radius0 * Math.cos(angle0)
      values[1] = mean + radius0 * Math.sin(angle0)
      values[2] = mean + radius1 * Math.cos(angle1)
      values[3] = mean + radius1 * Math.sin(angle1)
      for (let k = skip; k < 4 && i < n; k++) out[i++] = values[k]!
    }
  }
}

/** Fills `out` with elements [first, first + out.length) of the named tensor: uniform in [low, high). */
export function philoxUniform(
  seed: number,
  name: string,
  first: number,
  out: Float32Array,
  low: number,
  high: number,
): void {
  const [key0, key1] = keyOf(seed, name)
  const words = new Uint32Array(4)
  let block = Math.floor(first / 4)
  let skip = first - 4 * block
  for (let i = 0; i < out.length; block++, skip = 0) {
    drawBlock(words, block, key0, key1)
    // 24 bits: exact in f32, so that rounding never reaches `high` on the unit interval.
    for (let k = skip; k < 4 && i < out.length; k++) out[i++] = low + (high - low) * ((words[k]! >>> 8) * 2 ** -24)
  }
}
