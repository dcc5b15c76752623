import type { ComputeKind, OpDims, SegmentRef } from '../core/segments.ts'
import type { KernelName, Launch } from './kernels.ts'
import { squaredNormSlots } from './kernels.ts'

/**
 * What a segment runs: the list of kernel launches behind a compute op, forward, backward, or backward split into its
 * input-gradient (I) and weight-gradient (W) half. `args` maps the roles below to buffer names.
 *
 * roles       forward                                            backward adds
 * embedding   tokens wte wpe → x                                 dx segments → dwte dwpe
 * norm        x gamma beta → y stats                             dy upstream? → dx dgamma dbeta
 * attention   n wqkv bqkv wproj → qkv o lse p                    dp → dout delta dqkv dn dwqkv dbqkv dwproj
 * attentionCore qkv → o lse
 * …Residual   x p bias → out                                     dp → dbias
 * mlp         n wfc bfc wproj → h g p                            dp → dh dn dwfc dbfc dwproj
 * logits      y wte → logits                                     logits (now dlogits) → dy dwte
 * loss        targets weights logits → logits losses lossSum
 * lossStats   logits targets → stats;  lossSharded  targets weights all logits → logits losses lossSum
 */
export interface ComputeWork {
  readonly kind: ComputeKind
  readonly segment: SegmentRef
  readonly dims: OpDims
  readonly args: Readonly<Record<string, string>>
  readonly accumulate: boolean
}

type Names = Readonly<Record<string, string>>
type Layout = 'matmul_nn' | 'matmul_nt' | 'matmul_tn'

const F32 = 4

function launch(
  kernel: KernelName,
  buffers: Names,
  params: Readonly<Record<string, number>>,
  flops: number,
  elements: number,
): Launch {
  return { kernel, buffers, params, flops, bytes: elements * F32 }
}

/** A matrix product; 2·M·N·K floating-point operations. */
function matmul(
  layout: Layout,
  buffers: Names,
  [M, N, K]: readonly [number, number, number],
  options: { accumulate?: boolean; aOffset?: number; bOffset?: number; cOffset?: number } = {},
): Launch {
  const accumulate = options.accumulate ? 1 : 0
  const work = [2 * M * N * K, M * K + K * N + M * N * (1 + accumulate)] as const
  const { aOffset = 0, bOffset = 0, cOffset = 0 } = options
  if (layout === 'matmul_tn')
    return launch(layout, buffers, { M, N, K, accumulate, aOffset, bOffset, lda: M, ldb: N }, ...work)
  const useBias = 'bias' in buffers ? 1 : 0
  const bound = useBias ? buffers : { ...buffers, bias: '' }
  return launch(layout, bound, { M, N, K, useBias, accumulate, aOffset, cOffset, lda: K, ldc: N }, ...work)
}

function biasBackward(dy: string, db: string, rows: number, N: number, accumulate: boolean): Launch {
  return launch('bias_backward', { dy, db }, { rows, N, accumulate: accumulate ? 1 : 0 }, rows * N, rows * N + N)
}

/** Multiply-adds of causal attention over the T(T+1)/2 visible pairs. */
function attentionPairs({ B, T, NH }: OpDims): number {
  return (B * NH * T * (T + 1)) / 2
}

function attentionCore(a: Names, d: OpDims): Launch {
  const { B, T, NH, KV, HS } = d
  const buffers = { qkv: a.qkv!, o: a.o!, lse: a.lse! }
  return launch('attention_forward', buffers, { B, T, NH, KV, HS }, 4 * HS * attentionPairs(d), B * T * NH * HS * 4)
}

function forward(work: ComputeWork): Launch[] {
  const { args: a, dims: d, accumulate } = work
  const { rows, C, T, F, V, valid, vocabStart, rowStart } = d
  const width = d.NH * d.HS
  switch (work.segment.kind) {
    case 'embedding':
      return [
        launch(
          'embedding_forward',
          { tokens: a.tokens!, wte: a.wte!, wpe: a.wpe!, x: a.x! },
          { rows, T, C, vocabStart, vocabRows: V, addPosition: vocabStart === 0 ? 1 : 0 },
          rows * C,
          3 * rows * C,
        ),
      ]
    case 'norm':
      return [
        launch(
          'layer_norm_forward',
          { x: a.x!, gamma: a.gamma!, beta: a.beta!, y: a.y!, stats: a.stats! },
          { rows, C },
          8 * rows * C,
          2 * rows * C,
        ),
      ]
    case 'attention':
      return [
        matmul('matmul_nn', { a: a.n!, b: a.wqkv!, bias: a.bqkv!, c: a.qkv! }, [rows, 3 * width, C]),
        attentionCore(a, d),
        matmul('matmul_nn', { a: a.o!, b: a.wproj!, c: a.p! }, [rows, C, width]),
      ]
    case 'attentionCore':
      return [attentionCore(a, d)]
    case 'mlp':
      return [
        matmul('matmul_nn', { a: a.n!, b: a.wfc!, bias: a.bfc!, c: a.h! }, [rows, F, C]),
        launch('gelu_forward', { h: a.h!, g: a.g! }, { n: rows * F }, 12 * rows * F, 2 * rows * F),
        matmul('matmul_nn', { a: a.g!, b: a.wproj!, c: a.p! }, [rows, C, F]),
      ]
    case 'attentionResidual':
    case 'mlpResidual':
      return [
        launch(
          'bias_residual',
          { x: a.x!, p: a.p!, bias: a.bias!, out: a.out! },
          { rows, C, useBias: 1 },
          2 * rows * C,
          3 * rows * C,
        ),
      ]
    case 'logits':
      return [matmul('matmul_nt', { a: a.y!, b: a.wte!, c: a.logits! }, [rows, V, C], { aOffset: rowStart * C })]
    case 'loss':
      return [
        launch(
          'cross_entropy',
          { targets: a.targets!, weights: a.weights!, logits: a.logits!, losses: a.losses! },
          { rows, V, valid, rowStart },
          8 * rows * V,
          3 * rows * V,
        ),
        ...lossSum(a, d, accumulate),
      ]
    case 'lossStats':
      return [
        launch(
          'softmax_stats',
          { logits: a.logits!, targets: a.targets!, stats: a.stats! },
          { rows, V, valid, vocabStart, rowStart },
          5 * rows * V,
          rows * V,
        ),
      ]
    case 'lossSharded':
      return [
        launch(
          'cross_entropy_sharded',
          { targets: a.targets!, weights: a.weights!, all: a.all!, logits: a.logits!, losses: a.losses! },
          { rows, V, valid, vocabStart, rowStart, group: d.tensor },
          5 * rows * V,
          2 * rows * V,
        ),
        ...lossSum(a, d, accumulate),
      ]
  }
}

/** After the last chunk of rows: the micro-batch's losses into the step's sum. */
function lossSum(a: Names, d: OpDims, accumulate: boolean): Launch[] {
  const n = d.B * d.T
  if (d.rowStart + d.rows < n) return []
  const buffers = { values: a.losses!, target: a.lossSum! }
  return [launch('sum', buffers, { n, accumulate: accumulate ? 1 : 0 }, n, n)]
}

function backwardInput(work: ComputeWork): Launch[] {
  const { args: a, dims: d } = work
  const { rows, C, F, V, B, T, NH, KV, HS } = d
  const width = NH * HS
  const attention = { B, T, NH, KV, HS }
  const pairs = attentionPairs(d)
  switch (work.segment.kind) {
    case 'norm': {
      const useUpstream = a.upstream === undefined ? 0 : 1
      return [
        launch(
          'layer_norm_backward_input',
          { dy: a.dy!, x: a.x!, gamma: a.gamma!, stats: a.stats!, upstream: a.upstream ?? '', dx: a.dx! },
          { rows, C, useUpstream },
          12 * rows * C,
          (3 + useUpstream) * rows * C,
        ),
        // The norm's own gradients are small and need dy, which nobody keeps: they go with the input half.
        launch(
          'layer_norm_backward_weight',
          { dy: a.dy!, x: a.x!, stats: a.stats!, dgamma: a.dgamma!, dbeta: a.dbeta! },
          { rows, C, accumulate: work.accumulate ? 1 : 0 },
          5 * rows * C,
          2 * rows * C,
        ),
      ]
    }
    case 'attention':
      return [
        matmul('matmul_nt', { a: a.dp!, b: a.wproj!, c: a.dout! }, [rows, width, C]),
        launch(
          'attention_backward_delta',
          { o: a.o!, dout: a.dout!, delta: a.delta! },
          attention,
          2 * rows * width,
          2 * rows * width,
        ),
        launch(
          'attention_backward_query',
          { qkv: a.qkv!, dout: a.dout!, lse: a.lse!, delta: a.delta!, dqkv: a.dqkv! },
          attention,
          6 * HS * pairs,
          5 * rows * width,
        ),
        launch(
          'attention_backward_key_value',
          { qkv: a.qkv!, dout: a.dout!, lse: a.lse!, delta: a.delta!, dqkv: a.dqkv! },
          attention,
          8 * HS * pairs,
          6 * rows * width,
        ),
        matmul('matmul_nt', { a: a.dqkv!, b: a.wqkv!, c: a.dn! }, [rows, C, 3 * width]),
      ]
    case 'mlp':
      return [
        matmul('matmul_nt', { a: a.dp!, b: a.wproj!, c: a.dh! }, [rows, F, C]),
        launch('gelu_backward', { h: a.h!, dg: a.dh! }, { n: rows * F }, 20 * rows * F, 3 * rows * F),
        matmul('matmul_nt', { a: a.dh!, b: a.wfc!, c: a.dn! }, [rows, C, F]),
      ]
    case 'logits':
      return [matmul('matmul_nn', { a: a.logits!, b: a.wte!, c: a.dy! }, [rows, C, V], { cOffset: d.rowStart * C })]
    default:
      return []
  }
}

function backwardWeight(work: ComputeWork): Launch[] {
  const { args: a, dims: d, accumulate } = work
  const { rows, C, F, V, B, T } = d
  const width = d.NH * d.HS
  switch (work.segment.kind) {
    case 'embedding':
      return [
        launch(
          'embedding_backward_token',
          { dx: a.dx!, segments: a.segments!, dwte: a.dwte! },
          { capacity: rows, C, vocabStart: d.vocabStart, vocabRows: V },
          rows * C,
          3 * rows * C,
        ),
        ...(a.dwpe === undefined
          ? []
          : [
              launch(
                'embedding_backward_position',
                { dx: a.dx!, dwpe: a.dwpe },
                { B, T, C, accumulate: 1 },
                rows * C,
                rows * C + 2 * T * C,
              ),
            ]),
      ]
    case 'attention':
      return [
        matmul('matmul_tn', { a: a.o!, b: a.dp!, c: a.dwproj! }, [width, C, rows], { accumulate }),
        matmul('matmul_tn', { a: a.n!, b: a.dqkv!, c: a.dwqkv! }, [C, 3 * width, rows], { accumulate }),
        biasBackward(a.dqkv!, a.dbqkv!, rows, 3 * width, accumulate),
      ]
    case 'mlp':
      return [
        matmul('matmul_tn', { a: a.g!, b: a.dp!, c: a.dwproj! }, [F, C, rows], { accumulate }),
        matmul('matmul_tn', { a: a.n!, b: a.dh!, c: a.dwfc! }, [C, F, rows], { accumulate }),
        biasBackward(a.dh!, a.dbfc!, rows, F, accumulate),
      ]
    case 'attentionResidual':
    case 'mlpResidual':
      return [biasBackward(a.dp!, a.dbias!, rows, C, accumulate)]
    case 'logits':
      return [
        matmul('matmul_tn', { a: a.logits!, b: a.y!, c: a.dwte! }, [V, C, rows], {
          accumulate,
          bOffset: d.rowStart * C,
        }),
      ]
    default:
      return []
  }
}

/** The launches of a compute op, in order. */
export function launchesOf(work: ComputeWork): Launch[] {
  switch (work.kind) {
    case 'forward':
    case 'recompute':
      return forward(work)
    case 'backwardInput':
      return backwardInput(work)
    case 'backwardWeight':
      return backwardWeight(work)
    case 'backward':
      return [...backwardInput(work), ...backwardWeight(work)]
  }
}

interface Range {
  readonly buffer: string
  readonly offset: number
  readonly length: number
}

/** Σ v² of the ranges into `target`: partial sums in `scratch`, then one fixed-order sum. */
export function gradNormLaunches(spans: readonly Range[], scratch: string, target: string): Launch[] {
  let slot = 0
  const partials = spans
    .filter((span) => span.length > 0)
    .map((span) => {
      const count = squaredNormSlots(span.length)
      const params = { offset: span.offset, n: span.length, slot, count }
      slot += count
      return launch('squared_norm', { values: span.buffer, partials: scratch }, params, 2 * span.length, span.length)
    })
  return [...partials, launch('sum', { values: scratch, target }, { n: slot, accumulate: 0 }, slot, slot)]
}

interface UpdateRanges {
  readonly parameter: Range
  readonly gradient: Range
  readonly moment1: Range
  readonly moment2?: Range
  readonly decay: boolean
}

/** One optimizer update; `norm` may name any buffer when clipping is off. */
export function updateLaunch(update: UpdateRanges, hyper: string, norm: string): Launch {
  const { parameter: p, gradient: g, moment1: m, moment2: v } = update
  const n = p.length
  const decay = update.decay ? 1 : 0
  const shared = { n, pOffset: p.offset, gOffset: g.offset, mOffset: m.offset }
  if (v === undefined)
    return launch('sgd', { g: g.buffer, hyper, norm, p: p.buffer, m: m.buffer }, { ...shared, decay }, 6 * n, 5 * n)
  return launch(
    'adamw',
    { g: g.buffer, hyper, norm, p: p.buffer, m: m.buffer, v: v.buffer },
    { ...shared, vOffset: v.offset, decay },
    14 * n,
    7 * n,
  )
}

/** target (+)= source for equally cut ranges. */
export function axpyLaunch(source: Range, target: Range, accumulate: boolean): Launch {
  const n = target.length
  return launch(
    'axpy',
    { source: source.buffer, target: target.buffer },
    { n, sOffset: source.offset, tOffset: target.offset, accumulate: accumulate ? 1 : 0, scale: 1 },
    2 * n,
    3 * n,
  )
}
