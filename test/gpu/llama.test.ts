import { describe, expect, test } from 'vitest'
import { expectClose } from '../lib/compare.ts'
import { random, runKernel, useDevice, variantsOf } from '../lib/gpu.ts'

/** The kernels that LLaMA has and GPT-2 has not, against float64. */

const device = useDevice()

describe('RMS norm', () => {
  // rows × channels: 1, odd, prime, beyond a workgroup, multiples of four.
  for (const [rows, C] of [
    [1, 1],
    [3, 5],
    [17, 13],
    [66, 67],
    [5, 260],
  ] as const)
    test(`${rows} × ${C}`, async () => {
      const epsilon = rows === 3 ? 0.1 : 1e-5
      const [x, dy, upstream] = [1, 4, 5].map((seed) => random(rows * C, seed, 2))
      const gamma = random(C, 2, 2)
      const [y, dx] = [new Float64Array(rows * C), new Float64Array(rows * C)]
      const [stats, dgamma] = [new Float64Array(rows), new Float64Array(C)]
      for (let r = 0; r < rows; r++) {
        const row = [...x!.subarray(r * C, (r + 1) * C)]
        const rstd = 1 / Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / C + epsilon)
        stats[r] = rstd
        const unit = row.map((v) => v * rstd)
        const mean = unit.reduce((sum, v, c) => sum + (v * dy![r * C + c]! * gamma[c]!) / C, 0)
        for (let c = 0; c < C; c++) {
          y[r * C + c] = unit[c]! * gamma[c]!
          dx[r * C + c] = rstd * (dy![r * C + c]! * gamma[c]! - unit[c]! * mean)
          dgamma[c]! += dy![r * C + c]! * unit[c]!
        }
      }
      for (const variant of variantsOf('rms_norm_forward')) {
        const out = await runKernel(
          device(),
          'rms_norm_forward',
          { x: x!, gamma, y: new Float32Array(rows * C), stats: new Float32Array(rows) },
          { rows, C, epsilon },
          variant,
        )
        expectClose(`y ${variant}`, out.y!, y, 1e-5)
        expectClose(`stats ${variant}`, out.stats!, stats, 1e-5)
      }
      const saved = Float32Array.from(stats)
      for (const variant of variantsOf('rms_norm_backward_input'))
        for (const useUpstream of [0, 1]) {
          const out = await runKernel(
            device(),
            'rms_norm_backward_input',
            { dy: dy!, x: x!, gamma, stats: saved, upstream: upstream!, dx: new Float32Array(rows * C) },
            { rows, C, useUpstream },
            variant,
          )
          const expected = useUpstream ? dx.map((v, i) => v + upstream![i]!) : dx
          // With one channel next to nothing is left of the gradient: hold it against the one that came in.
          expectClose(`dx ${variant}`, out.dx!, expected, 1e-5, C === 1 ? 10 : 0)
        }
      for (const accumulate of [0, 1]) {
        const before = random(C, 9)
        const out = await runKernel(
          device(),
          'rms_norm_backward_weight',
          { dy: dy!, x: x!, stats: saved, dgamma: before },
          { rows, C, accumulate },
        )
        expectClose(
          'dgamma',
          out.dgamma!,
          dgamma.map((v, c) => v + accumulate * before[c]!),
          1e-5,
        )
      }
    })
})

describe('rotary embedding', () => {
  for (const [rows, T, NH, KV, HS, start, theta] of [
    [1, 1, 1, 1, 2, 0, 10_000],
    [14, 7, 4, 1, 6, 0, 10_000],
    [21, 7, 4, 2, 10, 0, 500_000],
    [6, 3, 3, 3, 16, 1021, 10_000],
    [66, 33, 2, 1, 128, 4000, 1_000_000],
  ] as const)
    test(`${rows} rows of T ${T} from ${start}, heads ${NH} of ${HS}, ${KV} of keys`, async () => {
      const width = (NH + 2 * KV) * HS
      const qkv = random(rows * width, 3)
      const turned = (direction: number) => {
        const out = Float64Array.from(qkv)
        for (let r = 0; r < rows; r++)
          for (let head = 0; head < NH + KV; head++)
            for (let i = 0; i < HS / 2; i++) {
              const angle = direction * (start + (r % T)) * theta ** ((-2 * i) / HS)
              const at = r * width + head * HS + i
              out[at] = qkv[at]! * Math.cos(angle) - qkv[at + HS / 2]! * Math.sin(angle)
              out[at + HS / 2] = qkv[at + HS / 2]! * Math.cos(angle) + qkv[at]! * Math.sin(angle)
            }
        return out
      }
      const params = { rows, T, NH, KV, HS, start, logTheta: Math.log2(theta) }
      // An angle is position × frequency in float32: it loses what the position has.
      const tolerance = Math.max(1e-6, 3e-8 * (start + T))
      for (const direction of [1, -1]) {
        const out = await runKernel(device(), 'rotary_embedding', { qkv }, { ...params, direction })
        expectClose(`direction ${direction}`, out.qkv!, turned(direction), tolerance)
        for (let r = 0; r < rows; r++) {
          const values = (all: Float32Array) => all.subarray(r * width + (NH + KV) * HS, (r + 1) * width)
          expect(values(out.qkv!), `values of row ${r}`).toEqual(values(qkv))
        }
        const back = await runKernel(
          device(),
          'rotary_embedding',
          { qkv: out.qkv! },
          { ...params, direction: -direction },
        )
        expectClose('there and back', back.qkv!, qkv, 1e-6)
      }
    })
})

/** silu(gate)·up and, from the gradient of that, those of gate and up. */
function swiglu(gate: number, up: number, dg: number): readonly [g: number, dgate: number, dup: number] {
  const s = 1 / (1 + Math.exp(-gate))
  return [gate * s * up, dg * up * s * (1 + gate * (1 - s)), dg * gate * s]
}

describe('SwiGLU', () => {
  for (const [rows, F] of [
    [1, 1],
    [7, 5],
    [17, 172],
  ] as const)
    test(`${rows} × ${F}`, async () => {
      const gu = random(rows * 2 * F, 1, 6)
      const dgu = random(rows * 2 * F, 2)
      const [g, expected] = [new Float64Array(rows * F), new Float64Array(rows * 2 * F)]
      for (let i = 0; i < rows * F; i++) {
        const at = Math.floor(i / F) * 2 * F + (i % F)
        const [value, dgate, dup] = swiglu(gu[at]!, gu[at + F]!, dgu[at]!)
        g[i] = value
        expected[at] = dgate
        expected[at + F] = dup
      }
      const out = await runKernel(device(), 'swiglu_forward', { gu, g: new Float32Array(rows * F) }, { rows, F })
      expectClose('g', out.g!, g, 1e-5)
      const back = await runKernel(device(), 'swiglu_backward', { gu, dgu }, { rows, F })
      expectClose('dgu', back.dgu!, expected, 1e-5)
    })

  test('gates far beyond where the sigmoid saturates, and where exp overflows', async () => {
    const gates = [1e4, -1e4, 89, -89, 30, -30, 0]
    const F = gates.length
    const gu = Float32Array.from([...gates, ...gates.map(() => 2)])
    const dgu = Float32Array.from([...gates.map(() => 3), ...gates])
    const { g } = await runKernel(device(), 'swiglu_forward', { gu, g: new Float32Array(F) }, { rows: 1, F })
    const back = await runKernel(device(), 'swiglu_backward', { gu, dgu }, { rows: 1, F })
    for (const [i, gate] of gates.entries()) {
      const expected = swiglu(gate, 2, 3)
      for (const [k, actual] of [g![i]!, back.dgu![i]!, back.dgu![i + F]!].entries())
        expect(Math.abs(actual - expected[k]!), `${['g', 'dgate', 'dup'][k]} at ${gate}: ${actual}`).toBeLessThan(
          1e-5 * Math.abs(expected[k]!) + 1e-12,
        )
    }
  })
})
