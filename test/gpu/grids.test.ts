import { describe, expect, test } from 'vitest'
import { segmentsOf } from '../../src/data/microbatch.ts'
import { elements, grid } from '../../src/gpu/grid.ts'
import { KERNEL_TABLE } from '../../src/gpu/kernel-table.ts'
import type { KernelName } from '../../src/model/kernels.ts'
import { KERNELS } from '../../src/model/kernels.ts'
import { expectClose } from '../lib/compare.ts'
import type { Values } from '../lib/gpu.ts'
import { random, runKernel, useDevice, variantsOf } from '../lib/gpu.ts'

const device = useDevice()

test('a grid covers its count and stays within 65,535 workgroups each way', () => {
  for (const count of [1, 65535, 65536, 131071, 2 ** 31 / 64]) {
    const [x, y, z] = grid(count)
    expect(Math.max(x, y), `${count}`).toBeLessThanOrEqual(65535)
    expect([x * y >= count, x * y - count < y, z], `${count}`).toEqual([true, true, 1])
  }
  expect(grid(0)).toEqual([1, 1, 1])
  expect(elements(65)).toEqual([2, 1, 1])
})

const [R, C] = [67, 131]
const V = 50
const n = R * C
const tokens = Uint32Array.from({ length: R }, (_, r) => (r * 7) % V)
const stats = Float32Array.from({ length: 2 * R }, (_, i) => (i % 2 ? 1.5 : 0.1))
const hyper = new Float32Array([0.01, 0.9, 0.95, 1e-8, 0.1, 0.3, 0.2, 1, 0.8, 0, 0, 0])
const at = { n, pOffset: 0, gOffset: 0, mOffset: 0, decay: 1 }
const shard = { rows: R, V: C, valid: C - 2, rowStart: 0 }
const loss = { targets: tokens, weights: random(R, 1), logits: random(n, 2, 5), losses: random(R, 3) }
const f = (length: number, seed: number) => random(length, seed)
const heads = { B: 3, T: 19, NH: 2, HS: 8 }
const grouped = { ...heads, KV: 2 }
const [positions, width] = [3 * 19 * 2, 16]
const attention = {
  qkv: f(3 * 19 * 3 * width, 1),
  dout: f(3 * 19 * width, 2),
  o: f(3 * 19 * width, 3),
  lse: f(positions, 4).map((value) => 3 + value),
  delta: f(positions, 5),
  dqkv: f(3 * 19 * 3 * width, 6),
}

interface Case {
  readonly buffers: Readonly<Record<string, Values>>
  readonly params: Readonly<Record<string, number>>
}

/** Every kernel whose grid may spill, accumulating where it can: a workgroup that mistakes its place adds twice. */
const CASES: Readonly<Partial<Record<KernelName, Case>>> = {
  attention_forward: { buffers: attention, params: grouped },
  attention_backward_delta: { buffers: attention, params: heads },
  attention_backward_query: { buffers: attention, params: grouped },
  attention_backward_key_value: { buffers: attention, params: grouped },
  embedding_forward: {
    buffers: { tokens, wte: f(V * C, 1), wpe: f(R * C, 2), x: f(n, 3) },
    params: { rows: R, T: R, C, vocabStart: 0, vocabRows: V, addPosition: 1 },
  },
  embedding_backward_token: {
    buffers: { dx: f(n, 1), segments: segmentsOf(tokens), dwte: f(V * C, 2) },
    params: { capacity: R, C, vocabStart: 0, vocabRows: V },
  },
  embedding_backward_position: { buffers: { dx: f(n, 1), dwpe: f(n, 2) }, params: { B: 1, T: R, C, accumulate: 1 } },
  layer_norm_forward: {
    buffers: { x: f(n, 1), gamma: f(C, 2), beta: f(C, 3), y: f(n, 4), stats: f(2 * R, 5) },
    params: { rows: R, C, epsilon: 1e-5 },
  },
  layer_norm_backward_input: {
    buffers: { dy: f(n, 1), x: f(n, 2), gamma: f(C, 3), stats, upstream: f(n, 4), dx: f(n, 5) },
    params: { rows: R, C, useUpstream: 1 },
  },
  layer_norm_backward_weight: {
    buffers: { dy: f(n, 1), x: f(n, 2), stats, dgamma: f(C, 3), dbeta: f(C, 4) },
    params: { rows: R, C, accumulate: 1 },
  },
  rms_norm_forward: {
    buffers: { x: f(n, 1), gamma: f(C, 2), y: f(n, 4), stats: f(R, 5) },
    params: { rows: R, C, epsilon: 1e-5 },
  },
  rms_norm_backward_input: {
    buffers: { dy: f(n, 1), x: f(n, 2), gamma: f(C, 3), stats, upstream: f(n, 4), dx: f(n, 5) },
    params: { rows: R, C, useUpstream: 1 },
  },
  rms_norm_backward_weight: {
    buffers: { dy: f(n, 1), x: f(n, 2), stats, dgamma: f(C, 3) },
    params: { rows: R, C, accumulate: 1 },
  },
  rotary_embedding: {
    buffers: { qkv: f(R * 50, 1) },
    params: { rows: R, T: R, NH: 3, KV: 1, HS: 10, start: 0, logTheta: Math.log2(10000), direction: 1 },
  },
  bias_backward: { buffers: { dy: f(n, 1), db: f(C, 2) }, params: { rows: R, N: C, accumulate: 1 } },
  gelu_forward: { buffers: { h: f(n, 1), g: f(n, 2) }, params: { n } },
  gelu_backward: { buffers: { h: f(n, 1), dg: f(n, 2) }, params: { n } },
  swiglu_forward: { buffers: { gu: f(2 * n, 1), g: f(n, 2) }, params: { rows: R, F: C } },
  swiglu_backward: { buffers: { gu: f(2 * n, 1), dgu: f(2 * n, 2) }, params: { rows: R, F: C } },
  bias_residual: {
    buffers: { x: f(n, 1), p: f(n, 2), bias: f(C, 3), out: f(n, 4) },
    params: { rows: R, C, useBias: 1 },
  },
  cross_entropy: { buffers: loss, params: shard },
  softmax_stats: {
    buffers: { logits: f(n, 1), targets: tokens, stats: f(3 * R, 2) },
    params: { ...shard, vocabStart: 0 },
  },
  cross_entropy_sharded: {
    buffers: { ...loss, all: Float32Array.from({ length: 6 * R }, (_, i) => 1 + (i % 5)) },
    params: { ...shard, vocabStart: 0, group: 2 },
  },
  squared_norm: {
    buffers: { values: f(150_000, 1), partials: f(5, 2) },
    params: { offset: 1, n: 140_000, slot: 1, count: 3 },
  },
  adamw: {
    buffers: { g: f(n, 1), hyper, norm: Float32Array.of(9), p: f(n, 2), m: f(n, 3), v: f(n, 4).map(Math.abs) },
    params: { ...at, vOffset: 0 },
  },
  sgd: { buffers: { g: f(n, 1), hyper, norm: Float32Array.of(9), p: f(n, 2), m: f(n, 3) }, params: at },
  encode_fp16: { buffers: { values: f(n, 1), encoded: f(n, 2) }, params: { n, sOffset: 0, tOffset: 0 } },
  encode_int8: {
    buffers: { values: f(n, 1), encoded: f(n, 2) },
    params: { n, sOffset: 0, tOffset: 0, chunks: Math.ceil(n / 256) },
  },
  decode_fp16: { buffers: { encoded: f(n, 1), values: f(n, 2) }, params: { n, sOffset: 0, tOffset: 0, accumulate: 1 } },
  decode_int8: {
    buffers: { encoded: f(n, 1), values: f(n, 2) },
    params: { n, sOffset: 0, tOffset: 0, chunks: Math.ceil(n / 256), accumulate: 1 },
  },
  decode_topk: {
    // Every pair stands for another value.
    buffers: {
      encoded: Uint32Array.from({ length: 2 * n }, (_, i) => (i < n ? (i * 7) % n : 0x3f800000 + i)),
      values: f(n, 2),
    },
    params: { n, k: n, sOffset: 0, tOffset: 0 },
  },
  axpy: {
    buffers: { source: f(n, 1), target: f(n, 2) },
    params: { n, sOffset: 0, tOffset: 0, accumulate: 1, scale: 0.5 },
  },
}

test('every kernel is here but products, whose own tests do the same, and those of a single workgroup', () => {
  const elsewhere = (name: string) => name.startsWith('matmul_') || name === 'sum' || name === 'encode_topk'
  expect(Object.keys(CASES).sort()).toEqual(
    Object.keys(KERNELS)
      .filter((name) => !elsewhere(name))
      .sort(),
  )
})

/** 2^32 elements: more than any buffer holds. */
const LARGEST: Readonly<Record<string, number>> = {
  rows: 2 ** 22,
  capacity: 2 ** 22,
  C: 2 ** 10,
  V: 2 ** 10,
  M: 2 ** 22,
  N: 2 ** 10,
  K: 4,
  B: 2 ** 12,
  T: 2 ** 14,
  NH: 16,
  KV: 16,
  HS: 8,
  F: 2 ** 10,
  n: 2 ** 31,
  k: 2 ** 31,
  count: 2 ** 22,
  chunks: 2 ** 23,
}

test('no variant of any kernel asks for more than 65,535 workgroups each way', () => {
  let beyond = 0
  for (const [kernel, row] of Object.entries(KERNEL_TABLE))
    for (const { name, workgroups } of row) {
      const counts = workgroups(LARGEST)
      expect(Math.max(...counts), `${kernel} ${name}`).toBeLessThanOrEqual(65535)
      if (counts[0] * counts[1] * counts[2] > 65535) beyond++
    }
  expect(beyond).toBeGreaterThan(60)
})

describe('a grid in rows gives what a flat one gives, bit for bit', () => {
  for (const [name, { buffers, params }] of Object.entries(CASES)) {
    const kernel = name as KernelName
    for (const variant of variantsOf(kernel).filter((each) => !/-(16|32|64)$/.test(each)))
      test(`${kernel} ${variant}`, async () => {
        const flat = await runKernel(device(), kernel, buffers, params, variant)
        expect(Object.keys(flat)).not.toEqual([])
        const written = Object.keys(flat).filter((role) => !same(flat[role]!, buffers[role]!))
        expect(written, 'outputs that changed').toEqual(Object.keys(flat))
        for (const gridRows of [2, 3]) {
          const folded = await runKernel(device(), kernel, buffers, params, variant, gridRows)
          for (const role of written)
            expect(bitsOf(folded[role]!), `${role} in ${gridRows} rows`).toEqual(bitsOf(flat[role]!))
        }
      })
  }
})

function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length)
}

function same(a: Values, b: Values): boolean {
  return a.every((value, i) => value === b[i])
}

test('one element more than 65,535 workgroups hold', async () => {
  const count = 65535 * 64 + 1
  const [source, target] = [random(count, 1), random(count, 2)]
  const params = { n: count, sOffset: 0, tOffset: 0, accumulate: 1, scale: 0.5 }
  const out = await runKernel(device(), 'axpy', { source, target }, params)
  expectClose(
    'axpy',
    out.target!,
    target.map((v, i) => v + 0.5 * source[i]!),
    1e-6,
  )
  expect(out.target![count - 1], 'the last one').toBeCloseTo(target[count - 1]! + 0.5 * source[count - 1]!, 6)
})

test('one block of a product more than 65,535 workgroups hold', async () => {
  const M = 65535 * 8 + 1
  const [a, b] = [random(M, 1), random(1, 2)]
  const params = { M, N: 1, K: 1, useBias: 0, accumulate: 0, aOffset: 0, cOffset: 0, lda: 1, ldc: 1 }
  const out = await runKernel(device(), 'matmul_nn', { a, b, c: new Float32Array(M) }, params, 'quads')
  expect(a.findIndex((value, i) => out.c![i] !== Math.fround(value * b[0]!))).toBe(-1)
})
