import type { OpDims, SegmentKind } from '../core/segments.ts'
import type { Recompute } from '../config/types.ts'
import type { Place, SegmentWriter } from './segment-writer.ts'
import { segment } from './segment-writer.ts'
import type { TensorLink } from './tensor-link.ts'

/**
 * One transformer block as segment ops: forward, recomputation, backward in one or split into I and W. Buffers are named
 * mb{microbatch}:{segment}.{role}; what backward reads stays alive by being read, everything else goes by itself.
 */

/** Activations of a block; `again` names the ones a recomputation makes. */
export interface BlockScope {
  readonly writer: SegmentWriter
  readonly block: number
  readonly dims: OpDims
  readonly place: Place
  readonly recompute: Recompute
  readonly tensor: TensorLink
}

type Half = 'backward' | 'backwardInput' | 'backwardWeight'

const param = (block: number, name: string) => `param:h.${block}.${name}`

function names(scope: BlockScope, prefix: string) {
  const { writer, block, dims: d, tensor } = scope
  const { rows } = tensor.residual(d)
  const base = `mb${scope.place.microbatch}:`
  const at = (name: string, elements: number) =>
    writer.declare(`${base}${prefix}h.${block}.${name}`, 'activations', elements)
  // Gradients are never made again: they keep their names under recomputation.
  const gradientAt = (name: string, elements: number) =>
    writer.declare(`${base}h.${block}.${name}`, 'activations', elements)
  const width = d.NH * d.HS
  return {
    y1: () => at('ln_1.y', rows * d.C),
    stats1: () => at('ln_1.stats', rows * 2),
    qkv: () => at('attn.qkv', d.rows * 3 * width),
    o: () => at('attn.o', d.rows * width),
    lse: () => at('attn.lse', d.B * d.NH * d.T),
    pa: () => at('attn.p', rows * d.C),
    mid: () => at('attn.out', rows * d.C),
    y2: () => at('ln_2.y', rows * d.C),
    stats2: () => at('ln_2.stats', rows * 2),
    h: () => at('mlp.h', d.rows * d.F),
    g: () => at('mlp.g', d.rows * d.F),
    pm: () => at('mlp.p', rows * d.C),
    out: () => at('out', rows * d.C),
    dh: () => gradientAt('mlp.dh', d.rows * d.F),
    dy2: () => gradientAt('ln_2.dy', rows * d.C),
    dmid: () => gradientAt('ln_2.dx', rows * d.C),
    dout: () => gradientAt('attn.dout', d.rows * width),
    delta: () => gradientAt('attn.delta', d.B * d.NH * d.T),
    dqkv: () => gradientAt('attn.dqkv', d.rows * 3 * width),
    dy1: () => gradientAt('ln_1.dy', rows * d.C),
    dx: () => gradientAt('ln_1.dx', rows * d.C),
  }
}

function gradient(scope: BlockScope, name: string, elements: number): string {
  return scope.writer.gradient(`h.${scope.block}.${name}`, elements, scope.place)
}

/** x → out; returns the buffer that holds the block's output (absent in a recomputation, which stops before it). */
function run(scope: BlockScope, kind: 'forward' | 'recompute', x: string): string {
  const { writer, block, dims, place, tensor } = scope
  const residual = tensor.residual(dims)
  const n = names(scope, kind === 'recompute' ? 're:' : '')
  const p = (name: string) => param(block, name)
  const phase = kind === 'recompute' ? kind : undefined
  const emit = (segmentKind: SegmentKind, name: string, sizes: OpDims, args: Record<string, string>) =>
    writer.compute(kind, segment(segmentKind, `h.${block}.${name}`, block), sizes, args, place)
  emit('norm', 'ln_1', residual, { x, gamma: p('ln_1.weight'), beta: p('ln_1.bias'), y: n.y1(), stats: n.stats1() })
  emit('attention', 'attn', dims, {
    n: tensor.gather(n.y1(), dims, place, 'attention input'),
    wqkv: p('attn.c_attn.weight'),
    bqkv: p('attn.c_attn.bias'),
    wproj: p('attn.c_proj.weight'),
    qkv: n.qkv(),
    o: n.o(),
    lse: n.lse(),
    p: tensor.partialOf(n.pa(), dims),
  })
  tensor.sum(n.pa(), dims, place, 'attention output', phase)
  emit('attentionResidual', 'attn.residual', residual, { x, p: n.pa(), bias: p('attn.c_proj.bias'), out: n.mid() })
  emit('norm', 'ln_2', residual, {
    x: n.mid(),
    gamma: p('ln_2.weight'),
    beta: p('ln_2.bias'),
    y: n.y2(),
    stats: n.stats2(),
  })
  emit('mlp', 'mlp', dims, {
    n: tensor.gather(n.y2(), dims, place, 'MLP input'),
    wfc: p('mlp.c_fc.weight'),
    bfc: p('mlp.c_fc.bias'),
    wproj: p('mlp.c_proj.weight'),
    h: n.h(),
    g: n.g(),
    p: tensor.partialOf(n.pm(), dims),
  })
  tensor.sum(n.pm(), dims, place, 'MLP output', phase)
  if (kind === 'recompute') return ''
  emit('mlpResidual', 'mlp.residual', residual, { x: n.mid(), p: n.pm(), bias: p('mlp.c_proj.bias'), out: n.out() })
  return n.out()
}

export function blockForward(scope: BlockScope, x: string): string {
  return run(scope, 'forward', x)
}

/** dout → dx, from the block's input x; with `half` backwardWeight only the weight gradients. Returns dx's buffer. */
export function blockBackward(scope: BlockScope, half: Half, x: string, dout: string): string {
  const { writer, block, dims: d, place, recompute, tensor } = scope
  const residual = tensor.residual(d)
  if (recompute === 'full' && half !== 'backwardWeight') run(scope, 'recompute', x)
  const saved = names(scope, recompute === 'full' ? 're:' : '')
  const core = recompute === 'selective' ? names(scope, 're:') : saved
  const p = (name: string) => param(block, name)
  const [C, F, width] = [d.C, d.F, d.NH * d.HS]
  const weights = half !== 'backwardInput'
  const inputs = half !== 'backwardWeight'

  if (weights) {
    const dbias = gradient(scope, 'mlp.c_proj.bias', C)
    emit('backwardWeight', 'mlpResidual', 'mlp.residual', residual, { dp: dout, dbias }, dbias)
  }
  const dwproj2 = gradient(scope, 'mlp.c_proj.weight', F * C)
  const mlp = {
    n: inputAgain(saved.y2(), 'MLP input'),
    wfc: p('mlp.c_fc.weight'),
    wproj: p('mlp.c_proj.weight'),
    h: saved.h(),
    g: saved.g(),
    dp: outputGradient(dout, 'mlp.dp', 'MLP output gradient'),
    dh: saved.dh(),
    dn: tensor.partialOf(saved.dy2(), d),
    dwfc: gradient(scope, 'mlp.c_fc.weight', C * F),
    dbfc: gradient(scope, 'mlp.c_fc.bias', F),
    dwproj: dwproj2,
  }
  emitHalf('mlp', 'mlp', mlp, dwproj2)
  if (inputs) {
    tensor.sum(saved.dy2(), d, place, 'MLP input gradient')
    const dgamma = gradient(scope, 'ln_2.weight', C)
    const args = {
      dy: saved.dy2(),
      x: saved.mid(),
      gamma: p('ln_2.weight'),
      stats: saved.stats2(),
      upstream: dout,
      dx: saved.dmid(),
      dgamma,
      dbeta: gradient(scope, 'ln_2.bias', C),
    }
    emit(half, 'norm', 'ln_2', residual, args, dgamma)
  }
  if (weights) {
    const dbias = gradient(scope, 'attn.c_proj.bias', C)
    emit('backwardWeight', 'attentionResidual', 'attn.residual', residual, { dp: saved.dmid(), dbias }, dbias)
  }
  if (recompute === 'selective' && inputs) {
    const args = { qkv: saved.qkv(), o: core.o(), lse: core.lse() }
    writer.compute('recompute', segment('attentionCore', `h.${block}.attn`, block), d, args, place)
  }
  const dwproj1 = gradient(scope, 'attn.c_proj.weight', width * C)
  const attention = {
    n: inputAgain(saved.y1(), 'attention input'),
    wqkv: p('attn.c_attn.weight'),
    wproj: p('attn.c_proj.weight'),
    qkv: saved.qkv(),
    o: core.o(),
    lse: core.lse(),
    dp: outputGradient(saved.dmid(), 'attn.dp', 'attention output gradient'),
    dout: saved.dout(),
    delta: saved.delta(),
    dqkv: saved.dqkv(),
    dn: tensor.partialOf(saved.dy1(), d),
    dwqkv: gradient(scope, 'attn.c_attn.weight', C * 3 * width),
    dbqkv: gradient(scope, 'attn.c_attn.bias', 3 * width),
    dwproj: dwproj1,
  }
  emitHalf('attention', 'attn', attention, dwproj1)
  if (inputs) {
    tensor.sum(saved.dy1(), d, place, 'attention input gradient')
    const dgamma = gradient(scope, 'ln_1.weight', C)
    const args = {
      dy: saved.dy1(),
      x,
      gamma: p('ln_1.weight'),
      stats: saved.stats1(),
      upstream: saved.dmid(),
      dx: saved.dx(),
      dgamma,
      dbeta: gradient(scope, 'ln_1.bias', C),
    }
    emit(half, 'norm', 'ln_1', residual, args, dgamma)
  }
  return saved.dx()

  /** All rows a product took in forward: kept by a recomputation, gathered again where only this rank's were saved. */
  function inputAgain(rows: string, subject: string): string {
    if (recompute === 'full') return tensor.wholeOf(rows)
    return weights ? tensor.gather(rows, d, place, subject, tensor.againOf(rows)) : tensor.againOf(rows)
  }

  /** All rows of a gradient of the residual stream: gathered once, in the half that needs it first. */
  function outputGradient(rows: string, name: string, subject: string): string {
    const into = tensor.renamed(rows, `mb${place.microbatch}:h.${block}.${name}`)
    return inputs ? tensor.gather(rows, d, place, subject, into) : into
  }

  function emit(
    kind: Half,
    segmentKind: SegmentKind,
    name: string,
    sizes: OpDims,
    args: Record<string, string>,
    first: string,
  ): void {
    writer.compute(kind, segment(segmentKind, `h.${block}.${name}`, block), sizes, args, place, writer.touch(first))
  }

  /** Only the half that computes weight gradients decides whether they accumulate. */
  function emitHalf(kind: 'mlp' | 'attention', name: string, args: Record<string, string>, first: string): void {
    const accumulate = weights && writer.touch(first)
    writer.compute(half, segment(kind, `h.${block}.${name}`, block), d, args, place, accumulate)
  }
}
