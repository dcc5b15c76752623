import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-webgpu'
import { TRAIN_CASE } from './ours.ts'

let ready = null

async function backend() {
  ready ??= tf.setBackend('webgpu').then(async (done) => {
    if (!done) throw new Error('tfjs found no WebGPU')
    await tf.ready()
  })
  await ready
}

/** Submits what is encoded, which the backend puts off until somebody reads, and waits for it. */
async function done() {
  const backend = tf.backend()
  backend.endComputePassEncoder()
  if (backend.commandEncoder) backend.submitQueue()
  await backend.queue.onSubmittedWorkDone()
}

const TRANSPOSED = { matmul_nn: [false, false], matmul_nt: [false, true], matmul_tn: [true, false] }

/** @param {{ kernel: string, a: readonly [number, number], b: readonly [number, number] }} given */
export async function product({ kernel, a: left, b: right }) {
  await backend()
  const a = tf.randomNormal(left)
  const b = tf.randomNormal(right)
  return {
    async run(count) {
      for (let i = 0; i < count; i++) tf.matMul(a, b, ...TRANSPOSED[kernel]).dispose()
      await done()
    },
    free: () => tf.dispose([a, b]),
  }
}

const { model, batch } = TRAIN_CASE
const [L, H, C, V] = [model.layers, model.heads, model.embed, model.vocab]
const [B, T] = [batch.global, batch.sequence]
const HS = C / H
const [BETA1, BETA2, EPSILON, DECAY, RATE] = [0.9, 0.95, 1e-8, 0.1, 1e-3]

function parameters() {
  const normal = (shape, deviation = 0.02) => tf.variable(tf.randomNormal(shape, 0, deviation))
  const norm = () => [tf.variable(tf.ones([C])), tf.variable(tf.zeros([C]))]
  const linear = (from, to) => [normal([from, to]), tf.variable(tf.zeros([to]))]
  const layer = () => ({
    ln1: norm(),
    qkv: linear(C, 3 * C),
    proj: linear(C, C),
    ln2: norm(),
    fc: linear(C, 4 * C),
    out: linear(4 * C, C),
  })
  return { wte: normal([V, C]), wpe: normal([T, C]), layers: Array.from({ length: L }, layer), ln: norm() }
}

function layerNorm(x, [gamma, beta]) {
  const { mean, variance } = tf.moments(x, -1, true)
  return x.sub(mean).mul(variance.add(1e-5).rsqrt()).mul(gamma).add(beta)
}

const linear = (x, [weight, bias]) => tf.matMul(x, weight).add(bias)

function gelu(x) {
  return x.mul(0.5).mul(x.add(x.pow(3).mul(0.044715)).mul(0.7978845608).tanh().add(1))
}

/** Mean cross-entropy of GPT-2 with a tied head; every tensor of rows is (B·T, …), so that weights need no broadcast. */
function lossOf(p, tokens, oneHot, mask) {
  let x = tf
    .gather(p.wte, tokens)
    .add(p.wpe.expandDims(0))
    .reshape([B * T, C])
  for (const layer of p.layers) {
    const qkv = linear(layerNorm(x, layer.ln1), layer.qkv).reshape([B, T, 3, H, HS]).transpose([2, 0, 3, 1, 4])
    const [q, k, v] = qkv.unstack()
    const scores = tf
      .matMul(q, k, false, true)
      .mul(1 / Math.sqrt(HS))
      .add(mask)
    const heads = tf
      .matMul(scores.softmax(), v)
      .transpose([0, 2, 1, 3])
      .reshape([B * T, C])
    x = x.add(linear(heads, layer.proj))
    x = x.add(linear(gelu(linear(layerNorm(x, layer.ln2), layer.fc)), layer.out))
  }
  const logits = tf.matMul(layerNorm(x, p.ln), p.wte, false, true)
  return tf
    .logSoftmax(logits)
    .mul(oneHot)
    .sum()
    .mul(-1 / (B * T))
}

/** A training step with tf.variableGrads and AdamW written with tfjs operations, moments updated in place. */
export async function training() {
  await backend()
  const p = parameters()
  const all = [p.wte, p.wpe, ...p.layers.flatMap((layer) => Object.values(layer).flat()), ...p.ln]
  const state = all.map((each) => ({ m: tf.variable(tf.zerosLike(each)), v: tf.variable(tf.zerosLike(each)) }))
  const mask = tf.tidy(() =>
    tf.linalg
      .bandPart(tf.ones([T, T]), -1, 0)
      .sub(1)
      .mul(1e9),
  )
  const ids = () => Int32Array.from({ length: B * T }, () => Math.floor(Math.random() * V))
  const tokens = tf.tensor2d(ids(), [B, T], 'int32')
  const oneHot = tf.tidy(() => tf.oneHot(tf.tensor1d(ids(), 'int32'), V).toFloat())
  let count = 0
  return {
    async step() {
      const start = performance.now()
      count++
      const loss = tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => lossOf(p, tokens, oneHot, mask), all)
        for (const [i, each] of all.entries()) {
          const g = grads[each.name]
          const { m, v } = state[i]
          m.assign(m.mul(BETA1).add(g.mul(1 - BETA1)))
          v.assign(v.mul(BETA2).add(g.square().mul(1 - BETA2)))
          const change = m.mul(RATE / (1 - BETA1 ** count)).div(
            v
              .mul(1 / (1 - BETA2 ** count))
              .sqrt()
              .add(EPSILON),
          )
          each.assign((each.rank > 1 ? each.mul(1 - RATE * DECAY) : each).sub(change))
        }
        return value
      })
      const value = (await loss.data())[0]
      await done()
      const seconds = (performance.now() - start) / 1000
      loss.dispose()
      return { seconds, loss: value }
    },
    free: () => tf.disposeVariables(),
  }
}
