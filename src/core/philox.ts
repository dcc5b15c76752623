/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): a counter-based generator, so that
 * element i of a tensor depends on (seed, name, i) only and any shard draws the values it holds.
 */

const M0 = 0xd2511f53
const M1 = 0xcd9e8d57
const W0 = 0x9e3779b9
const W1 = 0xbb67ae85

/** High 32 bits of an unsigned 32×32 product. */
function high(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const low = a0 * b0
  const mid = a1 * b0 + (low >>> 16)
  const cross = a0 * b1 + (mid & 0xffff)
  return (a1 * b1 + Math.floor(mid / 65536) + Math.floor(cross / 65536)) >>> 0
}

/** Ten rounds on a counter of four words with a key of two; the result replaces the counter. */
export function philox4x32(counter: Uint32Array, key0: number, key1: number): void {
  let [c0, c1, c2, c3] = [counter[0]!, counter[1]!, counter[2]!, counter[3]!]
  let k0 = key0
  let k1 = key1
  for (let round = 0; round < 10; round++) {
    const h0 = high(M0, c0)
    const l0 = Math.imul(M0, c0) >>> 0
    const h1 = high(M1, c2)
    const l1 = Math.imul(M1, c2) >>> 0
    c0 = (h1 ^ c1 ^ k0) >>> 0
    c1 = l1
    c2 = (h0 ^ c3 ^ k1) >>> 0
    c3 = l0
    k0 = (k0 + W0) >>> 0
    k1 = (k1 + W1) >>> 0
  }
  counter[0] = c0
  counter[1] = c1
  counter[2] = c2
  counter[3] = c3
}

/** FNV-1a over UTF-16 units: a name as a key word. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Fills `out` with elements [first, first + out.length) of the named tensor: normal with the given mean and deviation. */
export function philoxNormal(
  seed: number,
  name: string,
  first: number,
  out: Float32Array,
  mean: number,
  std: number,
): void {
  const words = new Uint32Array(4)
  const key0 = seed >>> 0
  const key1 = (hashName(name) ^ Math.floor(seed / 2 ** 32)) >>> 0
  const values = new Float64Array(4)
  let block = -1
  for (let i = 0; i < out.length; i++) {
    const index = first + i
    const at = Math.floor(index / 4)
    if (at !== block) {
      block = at
      words[0] = at >>> 0
      words[1] = Math.floor(at / 2 ** 32)
      words[2] = 0
      words[3] = 0
      philox4x32(words, key0, key1)
      // Box–Muller on two pairs of uniforms in (0, 1].
      for (let pair = 0; pair < 2; pair++) {
        const radius = Math.sqrt(-2 * Math.log((words[2 * pair]! + 1) / 2 ** 32))
        const angle = (2 * Math.PI * words[2 * pair + 1]!) / 2 ** 32
        values[2 * pair] = radius * Math.cos(angle)
        values[2 * pair + 1] = radius * Math.sin(angle)
      }
    }
    out[i] = mean + std * values[index % 4]!
  }
}
