import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax'
import { TRAIN_CASE } from './ours.ts'

let ready = null

async function backend() {
  ready ??= init('webgpu').then((devices) => {
    if (!devices.includes('webgpu')) throw new Error('jax-js found no WebGPU')
    defaultDevice('webgpu')
  })
  await ready
}

const FORMS = {
  matmul_nn: (a, b) => np.matmul(a, b),
  matmul_nt: (a, b) => np.matmul(a, b.transpose()),
  matmul_tn: (a, b) => np.matmul(a.transpose(), b),
}

/** @param {{ kernel: string, a: readonly [number, number], b: readonly [number, number] }} given */
export async function product({ kernel, a: left, b: right }) {
  await backend()
  const a = random.normal(random.key(0), left)
  const b = random.normal(random.key(1), right)
  const multiply = jit(FORMS[kernel])
  await blockUntilReady([a, b])
  return {
    async run(count) {
      // Results are lazy: one that is disposed of before it is awaited is never computed.
      const results = Array.from({ length: count }, () => multiply(a.ref, b.ref))
      await blockUntilReady(results)
      for (const result of results) result.dispose()
    },
    free() {
      a.dispose()
      b.dispose()
      multiply.dispose()
    },
  }
}

const { model, batch } = TRAIN_CASE
const [L, H, C, V] = [model.layers, model.heads, model.embed, model.vocab]
const [B, T] = [batch.global, batch.sequence]
const HS = C / H
const [BETA1, BETA2, EPSILON, DECAY, RATE] = [0.9, 0.95, 1e-8, 0.1, 1e-3]

function parameters() {
  let seed = 0
  const normal = (shape) => random.normal(random.key(seed++), shape).mul(0.02)
  const norm = () => [np.ones([C]), np.zeros([C])]
  const linear = (from, to) => [normal([from, to]), np.zeros([to])]
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

const layerNorm = (x, [gamma, beta]) => nn.standardize(x, -1).mul(gamma).add(beta)
const linear = (x, [weight, bias]) => np.matmul(x, weight).add(bias)

/** Mean cross-entropy of GPT-2 with a tied head; the embedding is a product with one-hot rows, whose gradient is one too. */
function lossOf(p, tokens, targets) {
  let x = np
    .matmul(tokens, p.wte.ref)
    .reshape([B, T, C])
    .add(p.wpe)
    .reshape([B * T, C])
  for (const layer of p.layers) {
    const qkv = linear(layerNorm(x.ref, layer.ln1), layer.qkv).reshape([B, T, 3, H, HS])
    const [q, k, v] = np.unstack(qkv, 2)
    const heads = nn.dotProductAttention(q, k, v, { isCausal: true }).reshape([B * T, C])
    x = x.add(linear(heads, layer.proj))
    x = x.ref.add(linear(nn.gelu(linear(layerNorm(x, layer.ln2), layer.fc)), layer.out))
  }
  const logits = np.matmul(layerNorm(x, p.ln), p.wte.transpose())
  return nn
    .logSoftmax(logits, -1)
    .mul(targets)
    .sum()
    .mul(-1 / (B * T))
}

/** One jitted training step: loss, gradients and AdamW. */
export async function training() {
  await backend()
  const ids = () =>
    np.array(
      Int32Array.from({ length: B * T }, () => Math.floor(Math.random() * V)),
      { dtype: np.int32 },
    )
  const tokens = nn.oneHot(ids(), V).astype(np.float32)
  const targets = nn.oneHot(ids(), V).astype(np.float32)
  let p = parameters()
  let m = tree.map((each) => np.zerosLike(each), tree.ref(p))
  let v = tree.map((each) => np.zerosLike(each), tree.ref(p))
  const step = jit((p, m, v, rate, scale, tokens, targets) => {
    const [loss, g] = valueAndGrad(lossOf)(tree.ref(p), tokens, targets)
    const first = tree.map((m, g) => m.mul(BETA1).add(g.mul(1 - BETA1)), m, tree.ref(g))
    const second = tree.map((v, g) => v.mul(BETA2).add(g.ref.mul(g).mul(1 - BETA2)), v, g)
    const next = tree.map(
      (p, m, v) => {
        const change = m.mul(rate.ref).div(np.sqrt(v.mul(scale.ref)).add(EPSILON))
        return (p.ndim > 1 ? p.mul(1 - RATE * DECAY) : p).sub(change)
      },
      p,
      tree.ref(first),
      tree.ref(second),
    )
    rate.dispose()
    scale.dispose()
    return [loss, next, first, second]
  })
  let count = 0
  return {
    async step() {
      const start = performance.now()
      count++
      const rate = np.array(RATE / (1 - BETA1 ** count))
      const scale = np.array(1 / (1 - BETA2 ** count))
      const [loss, ...next] = step(p, m, v, rate, scale, tokens.ref, targets.ref)
      ;[p, m, v] = next
      await blockUntilReady(p)
      const value = (await loss.data())[0]
      return { seconds: (performance.now() - start) / 1000, loss: value }
    },
    free() {
      tree.dispose([p, m, v, tokens, targets])
      step.dispose()
    },
  }
}
