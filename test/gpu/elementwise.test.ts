import { describe, expect, test } from 'vitest'
import { segmentsOf } from '../../src/data/microbatch.ts'
import { squaredNormSlots } from '../../src/model/kernels.ts'
import { expectClose } from '../lib/compare.ts'
import { random, runKernel, useDevice, variantsOf } from '../lib/gpu.ts'

const device = useDevice()

/** rows × channels: 1, odd, prime, beyond a workgroup, multiples of four. */
const SHAPES = [
  [1, 1],
  [3, 5],
  [17, 13],
  [66, 67],
  [8, 64],
  [5, 260],
] as const

describe('layer norm', () => {
  for (const [rows, C] of SHAPES)
    test(`${rows} × ${C}`, async () => {
      const [x, gamma, beta, dy, upstream] = [1, 2, 3, 4, 5].map((seed, i) =>
        random(i === 1 || i === 2 ? C : rows * C, seed, 2),
      )
      const epsilon = C % 2 === 0 ? 1e-5 : 0.03
      const y = new Float64Array(rows * C)
      const stats = new Float64Array(rows * 2)
      const dx = new Float64Array(rows * C)
      const [dgamma, dbeta] = [new Float64Array(C), new Float64Array(C)]
      for (let r = 0; r < rows; r++) {
        const row = [...x!.subarray(r * C, (r + 1) * C)]
        const mean = row.reduce((a, b) => a + b, 0) / C
        const rstd = 1 / Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / C + epsilon)
        stats.set([mean, rstd], 2 * r)
        const hat = row.map((v) => (v - mean) * rstd)
        const g = hat.map((_, c) => dy![r * C + c]! * gamma![c]!)
        const meanG = g.reduce((a, b) => a + b, 0) / C
        const meanGX = g.reduce((a, b, c) => a + b * hat[c]!, 0) / C
        for (let c = 0; c < C; c++) {
          y[r * C + c] = hat[c]! * gamma![c]! + beta![c]!
          dx[r * C + c] = rstd * (g[c]! - meanG - hat[c]! * meanGX)
          dgamma[c]! += dy![r * C + c]! * hat[c]!
          dbeta[c]! += dy![r * C + c]!
        }
      }
      const zeros = (n: number) => new Float32Array(n)
      for (const variant of variantsOf('layer_norm_forward')) {
        const out = await runKernel(
          device(),
          'layer_norm_forward',
          { x: x!, gamma: gamma!, beta: beta!, y: zeros(rows * C), stats: zeros(2 * rows) },
          { rows, C, epsilon },
          variant,
        )
        expectClose(`y ${variant}`, out.y!, y, 1e-5)
        expectClose(`stats ${variant}`, out.stats!, stats, 1e-5)
      }
      const saved = Float32Array.from(stats)
      for (const variant of variantsOf('layer_norm_backward_input'))
        for (const useUpstream of [0, 1]) {
          const out = await runKernel(
            device(),
            'layer_norm_backward_input',
            { dy: dy!, x: x!, gamma: gamma!, stats: saved, upstream: upstream!, dx: zeros(rows * C) },
            { rows, C, useUpstream },
            variant,
          )
          const expected = useUpstream ? dx.map((v, i) => v + upstream![i]!) : dx
          // With one channel the exact gradient is zero: hold it against the gradient that came in.
          expectClose(`dx ${variant}`, out.dx!, expected, 1e-5, C === 1 ? 10 : 0)
        }
      for (const accumulate of [0, 1]) {
        const before = random(C, 9)
        const out = await runKernel(
          device(),
          'layer_norm_backward_weight',
          { dy: dy!, x: x!, stats: saved, dgamma: before, dbeta: before },
          { rows, C, accumulate },
        )
        const plus = (values: Float64Array) => values.map((v, c) => v + (accumulate ? before[c]! : 0))
        expectClose('dgamma', out.dgamma!, plus(dgamma), 1e-5, C === 1 ? 1 : 0)
        expectClose('dbeta', out.dbeta!, plus(dbeta), 1e-5)
      }
    })
})

describe('embedding', () => {
  for (const [B, T, C, V] of [
    [1, 1, 1, 1],
    [2, 5, 7, 11],
    [3, 17, 33, 300],
  ] as const)
    test(`B ${B} T ${T} C ${C} V ${V}`, async () => {
      const R = B * T
      const tokens = Uint32Array.from({ length: R }, (_, i) => (i * 7919) % V)
      const [wte, wpe, dx] = [random(V * C, 1), random((T + 3) * C, 2), random(R * C, 3)]
      for (const [vocabStart, vocabRows, addPosition] of [
        [0, V, 1],
        [Math.floor(V / 2), V - Math.floor(V / 2), 0],
      ] as const) {
        const part = wte.subarray(vocabStart * C, (vocabStart + vocabRows) * C)
        const expected = new Float64Array(R * C)
        const dwte = new Float64Array(vocabRows * C).fill(0.5)
        for (let r = 0; r < R; r++)
          for (let c = 0; c < C; c++) {
            const row = tokens[r]! - vocabStart
            const held = row >= 0 && row < vocabRows
            expected[r * C + c] = (held ? part[row * C + c]! : 0) + (addPosition ? wpe[(r % T) * C + c]! : 0)
            if (held) dwte[row * C + c]! += dx[r * C + c]!
          }
        const { x } = await runKernel(
          device(),
          'embedding_forward',
          // Without positions (LLaMA, and all but the first tensor rank) the role stays unbound.
          { tokens, wte: part.slice(), ...(addPosition ? { wpe } : {}), x: new Float32Array(R * C) },
          { rows: R, T, C, vocabStart, vocabRows, addPosition },
        )
        expectClose('x', x!, expected, 1e-6, 1e-3)
        const start = new Float32Array(vocabRows * C).fill(0.5)
        const out = await runKernel(
          device(),
          'embedding_backward_token',
          { dx, segments: segmentsOf(tokens), dwte: start },
          { capacity: R, C, vocabStart, vocabRows },
        )
        expectClose('dwte', out.dwte!, dwte, 1e-5)
      }
      for (const accumulate of [0, 1]) {
        const dwpe = new Float64Array((T + 3) * C).fill(1)
        if (!accumulate) dwpe.fill(0, 0, T * C)
        for (let r = 0; r < R; r++) for (let c = 0; c < C; c++) dwpe[(r % T) * C + c]! += dx[r * C + c]!
        const out = await runKernel(
          device(),
          'embedding_backward_position',
          { dx, dwpe: new Float32Array((T + 3) * C).fill(1) },
          { B, T, C, accumulate },
        )
        expectClose('dwpe', out.dwpe!, dwpe, 1e-5)
      }
    })
})

test('GELU forward and backward, far beyond where tanh saturates', async () => {
  const n = 133
  const h = random(n, 1, 6)
  h[0] = 1e4
  h[1] = -1e4
  const tanhOf = (v: number) => Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))
  const { g } = await runKernel(device(), 'gelu_forward', { h, g: new Float32Array(n) }, { n })
  expectClose(
    'gelu',
    g!,
    Float64Array.from(h, (v) => 0.5 * v * (1 + tanhOf(v))),
    1e-5,
  )
  const dg = random(n, 2)
  const out = await runKernel(device(), 'gelu_backward', { h, dg }, { n })
  const slope = (v: number) => {
    const t = tanhOf(v)
    return (
      0.5 * (1 + t) +
      (Math.abs(v) > 100 ? 0 : 0.5 * v * (1 - t * t) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * v * v))
    )
  }
  expectClose(
    'dgelu',
    out.dg!,
    Float64Array.from(h, (v, i) => dg[i]! * slope(v)),
    1e-5,
  )
})

test('bias, residual, axpy and sums', async () => {
  for (const [rows, N] of SHAPES) {
    const [x, p, bias] = [random(rows * N, 1), random(rows * N, 2), random(N, 3)]
    for (const useBias of [0, 1]) {
      const { out } = await runKernel(
        device(),
        'bias_residual',
        { x, p, ...(useBias ? { bias } : {}), out: new Float32Array(rows * N) },
        { rows, C: N, useBias },
      )
      expectClose(
        'residual',
        out!,
        x.map((v, i) => v + p[i]! + (useBias ? bias[i % N]! : 0)),
        1e-6,
      )
    }
    for (const accumulate of [0, 1]) {
      const expected = Float64Array.from(bias, (v) => (accumulate ? v : 0))
      for (let i = 0; i < rows * N; i++) expected[i % N]! += x[i]!
      const { db } = await runKernel(device(), 'bias_backward', { dy: x, db: bias }, { rows, N, accumulate })
      expectClose('db', db!, expected, 1e-5)
      const sum = x.reduce((a, b) => a + b, accumulate ? 0.25 : 0)
      const { target } = await runKernel(
        device(),
        'sum',
        { values: x, target: Float32Array.of(0.25) },
        { n: rows * N, accumulate },
      )
      expectClose('sum', target!, [sum], 1e-5, 1)
    }
  }
  for (const accumulate of [0, 1]) {
    const [source, before] = [random(9, 1), random(12, 2)]
    const { target } = await runKernel(
      device(),
      'axpy',
      { source, target: before },
      { n: 5, sOffset: 3, tOffset: 7, accumulate, scale: -2 },
    )
    const expected = before.map((v, i) => (i < 7 ? v : accumulate * v - 2 * source[i - 4]!))
    expectClose('axpy', target!, expected, 1e-6)
  }
})

describe('cross-entropy', () => {
  for (const [rows, V, valid] of [
    [1, 1, 1],
    [3, 7, 7],
    [19, 131, 129],
    [33, 300, 300],
  ] as const)
    test(`${rows} × ${V}, ${valid} valid`, async () => {
      const total = rows + 2
      const rowStart = 2
      const logits = random(rows * V, 1, 8)
      const targets = Uint32Array.from({ length: total }, (_, i) => (i * 31) % valid)
      const weights = Float32Array.from({ length: total }, (_, i) => (i % 3 === 0 ? 0 : 0.1 + i / total))
      const losses = new Float64Array(total)
      const dlogits = new Float64Array(rows * V)
      for (let r = 0; r < rows; r++) {
        const row = [...logits.subarray(r * V, r * V + valid)]
        const highest = Math.max(...row)
        const sum = row.reduce((a, v) => a + Math.exp(v - highest), 0)
        const weight = weights[rowStart + r]!
        const label = targets[rowStart + r]!
        losses[rowStart + r] = weight * (Math.log(sum) + highest - row[label]!)
        for (let v = 0; v < valid; v++)
          dlogits[r * V + v] = weight * (Math.exp(row[v]! - highest) / sum - (v === label ? 1 : 0))
      }
      const start = new Float32Array(total)
      for (const variant of variantsOf('cross_entropy')) {
        const out = await runKernel(
          device(),
          'cross_entropy',
          { targets, weights, logits, losses: start },
          { rows, V, valid, rowStart },
          variant,
        )
        expectClose(`losses ${variant}`, out.losses!, losses, 1e-5, 1e-3)
        expectClose(`dlogits ${variant}`, out.logits!, dlogits, 3e-5, 1e-3)
      }
      if (valid < 2) return
      // Two vocabulary shards, the second padded: each rank's statistics, then everybody's together.
      const half = Math.ceil(valid / 2)
      const shards = [0, 1].map((k) => {
        const part = new Float32Array(rows * half)
        for (let r = 0; r < rows; r++)
          for (let v = 0; v < half && k * half + v < valid; v++) part[r * half + v] = logits[r * V + k * half + v]!
        return { part, vocabStart: k * half, valid: Math.min(half, valid - k * half) }
      })
      const all = new Float32Array(2 * rows * 3)
      for (const [k, shard] of shards.entries()) {
        const params = { rows, V: half, valid: shard.valid, vocabStart: shard.vocabStart, rowStart }
        const { stats } = await runKernel(
          device(),
          'softmax_stats',
          { logits: shard.part, targets, stats: new Float32Array(rows * 3) },
          params,
        )
        all.set(stats!, k * rows * 3)
      }
      for (const shard of shards) {
        const params = { rows, V: half, valid: shard.valid, vocabStart: shard.vocabStart, rowStart, group: 2 }
        const out = await runKernel(
          device(),
          'cross_entropy_sharded',
          { targets, weights, all, logits: shard.part, losses: start },
          params,
        )
        expectClose('sharded losses', out.losses!, losses, 1e-5, 1e-3)
        const expected = new Float64Array(rows * half)
        for (let r = 0; r < rows; r++)
          for (let v = 0; v < shard.valid; v++) expected[r * half + v] = dlogits[r * V + shard.vocabStart + v]!
        expectClose('sharded dlogits', out.logits!, expected, 3e-5, 1e-3)
      }
    })
})

describe('optimizer', () => {
  const hyper = new Float32Array([0.01, 0.9, 0.95, 1e-8, 0.1, 1 - 0.9 ** 3, 1 - 0.95 ** 3, 1, 0.8, 0, 0, 0])
  const n = 133
  const offsets = { pOffset: 3, gOffset: 2 }

  test('AdamW with clip, decay and offsets', async () => {
    const [p, g, m] = [random(n + 3, 1), random(n + 2, 2), random(n + 1, 3)]
    const v = random(n, 4).map(Math.abs)
    const norm = Float32Array.of(9)
    const scale = Math.min(1, 1 / (3 + 1e-6))
    const expected = Float64Array.from(p)
    const [moment1, moment2] = [Float64Array.from(m), Float64Array.from(v)]
    for (let i = 0; i < n; i++) {
      const slope = g[2 + i]! * scale
      const first = 0.9 * m[1 + i]! + 0.1 * slope
      const second = 0.95 * v[i]! + 0.05 * slope * slope
      moment1[1 + i] = first
      moment2[i] = second
      expected[3 + i] = p[3 + i]! * (1 - 0.001) - (0.01 * (first / hyper[5]!)) / (Math.sqrt(second / hyper[6]!) + 1e-8)
    }
    const out = await runKernel(
      device(),
      'adamw',
      { g, hyper, norm, p, m, v },
      { n, ...offsets, mOffset: 1, vOffset: 0, decay: 1 },
    )
    expectClose('p', out.p!, expected, 1e-6)
    expectClose('m', out.m!, moment1, 1e-6)
    expectClose('v', out.v!, moment2, 1e-6)
  })

  for (const decay of [0, 1])
    test(`SGD with momentum, decay ${decay}`, async () => {
      const [p, g, m] = [random(n + 3, 1), random(n + 2, 2), random(n, 3)]
      const [expected, moment] = [Float64Array.from(p), Float64Array.from(m)]
      for (let i = 0; i < n; i++) {
        moment[i] = 0.8 * m[i]! + g[2 + i]! * Math.min(1, 1 / (0.5 + 1e-6)) + decay * 0.1 * p[3 + i]!
        expected[3 + i] = p[3 + i]! - 0.01 * moment[i]!
      }
      const out = await runKernel(
        device(),
        'sgd',
        { g, hyper, norm: Float32Array.of(0.25), p, m },
        { n, ...offsets, mOffset: 0, decay },
      )
      expectClose('p', out.p!, expected, 1e-6)
      expectClose('m', out.m!, moment, 1e-6)
    })

  test('squared norm over slots', async () => {
    const values = random(70_001, 5)
    const count = squaredNormSlots(70_000)
    expect(count).toBe(2)
    const { partials } = await runKernel(
      device(),
      'squared_norm',
      { values, partials: new Float32Array(5) },
      { offset: 1, n: 70_000, slot: 2, count },
    )
    const expected = values.subarray(1).reduce((a, v) => a + v * v, 0)
    expectClose('norm', [partials![2]! + partials![3]!], [expected], 1e-5)
    expect([partials![0], partials![1], partials![4]]).toEqual([0, 0, 0])
  })
})
