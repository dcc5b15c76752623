import { describe, expect, test } from 'vitest'
import { codecBytes, decode, encode } from '../../src/comm/codec.ts'
import type { Codec } from '../../src/comm/codec.ts'
import { decodeLaunch, encodeLaunch } from '../../src/model/codec-launches.ts'
import { random, runKernel, useDevice } from '../lib/gpu.ts'

const device = useDevice()
const CODECS: readonly Codec[] = [
  { kind: 'fp16' },
  { kind: 'int8' },
  { kind: 'topk', ratio: 0.01 },
  { kind: 'topk', ratio: 0.3 },
]

/** Largest error of one value that two ways of encoding it may differ by. */
function tolerance(codec: Codec, values: Float32Array): number {
  const largest = Math.max(...values.map(Math.abs))
  if (codec.kind === 'fp16') return largest * 2 ** -10
  return codec.kind === 'int8' ? (1.01 * largest) / 127 : 0
}

describe('the device encodes and decodes as the host does', () => {
  for (const codec of CODECS)
    for (const n of [1, 2, 3, 255, 256, 257, 1000, 5003])
      test(`${JSON.stringify(codec)} of ${n}`, async () => {
        const [sOffset, tOffset] = [5, 3]
        const all = random(n + sOffset, 7)
        // Equal magnitudes, to see which of them top-k keeps.
        for (let i = 0; i < n; i += 7) all[sOffset + i] = i % 2 ? 0.5 : -0.5
        const values = all.slice(sOffset)
        const words = codecBytes(codec, n) / 4
        const range = (buffer: string, offset: number, length: number) => ({ buffer, offset, length })
        const residue = codec.kind === 'topk' ? range('residue', 0, n) : undefined
        const encoding = encodeLaunch(
          codec.kind,
          range('values', sOffset, n),
          range('encoded', tOffset, words),
          residue,
        )
        const out = await runKernel(
          device(),
          encoding.kernel,
          { values: all, encoded: new Float32Array(words + tOffset), residue: new Float32Array(n) },
          encoding.params,
        )
        const encoded = new Uint32Array(out.encoded!.buffer, out.encoded!.byteOffset, words + tOffset)
        const bytes = new Uint8Array(encoded.slice(tOffset).buffer)
        const expected = new Float32Array(n)
        decode(codec, encode(codec, values), expected)
        const byHost = new Float32Array(n)
        decode(codec, bytes, byHost)
        const allowed = tolerance(codec, values)
        for (let i = 0; i < n; i++) expect(Math.abs(byHost[i]! - expected[i]!)).toBeLessThanOrEqual(allowed)
        if (residue) for (let i = 0; i < n; i++) expect(out.residue![i]).toBe(Math.fround(values[i]! - expected[i]!))

        for (const accumulate of codec.kind === 'topk' ? [true] : [false, true]) {
          const decoding = decodeLaunch(codec.kind, range('encoded', tOffset, words), range('values', 2, n), accumulate)
          const before = random(n + 2, 9)
          const decoded = await runKernel(device(), decoding.kernel, { encoded, values: before }, decoding.params)
          for (let i = 0; i < n; i++)
            expect(decoded.values![2 + i]).toBeCloseTo(byHost[i]! + (accumulate ? before[2 + i]! : 0), 5)
        }
      })
})
