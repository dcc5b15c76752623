import adamw from '../../shaders/adamw.wgsl?raw'
import axpy from '../../shaders/axpy.wgsl?raw'
import biasBackward from '../../shaders/bias_backward.wgsl?raw'
import biasResidual from '../../shaders/bias_residual.wgsl?raw'
import crossEntropy from '../../shaders/cross_entropy.wgsl?raw'
import crossEntropySharded from '../../shaders/cross_entropy_sharded.wgsl?raw'
import crossEntropyWorkgroup from '../../shaders/cross_entropy_workgroup.wgsl?raw'
import decodeFp16 from '../../shaders/decode_fp16.wgsl?raw'
import decodeInt8 from '../../shaders/decode_int8.wgsl?raw'
import decodeTopk from '../../shaders/decode_topk.wgsl?raw'
import embeddingBackwardPosition from '../../shaders/embedding_backward_position.wgsl?raw'
import embeddingBackwardToken from '../../shaders/embedding_backward_token.wgsl?raw'
import embeddingForward from '../../shaders/embedding_forward.wgsl?raw'
import encodeFp16 from '../../shaders/encode_fp16.wgsl?raw'
import encodeInt8 from '../../shaders/encode_int8.wgsl?raw'
import encodeTopk from '../../shaders/encode_topk.wgsl?raw'
import geluBackward from '../../shaders/gelu_backward.wgsl?raw'
import geluForward from '../../shaders/gelu_forward.wgsl?raw'
import layerNormBackwardInput from '../../shaders/layer_norm_backward_input.wgsl?raw'
import layerNormBackwardInputWorkgroup from '../../shaders/layer_norm_backward_input_workgroup.wgsl?raw'
import layerNormBackwardWeight from '../../shaders/layer_norm_backward_weight.wgsl?raw'
import layerNormForward from '../../shaders/layer_norm_forward.wgsl?raw'
import layerNormForwardWorkgroup from '../../shaders/layer_norm_forward_workgroup.wgsl?raw'
import rmsNormBackwardInput from '../../shaders/rms_norm_backward_input.wgsl?raw'
import rmsNormBackwardInputWorkgroup from '../../shaders/rms_norm_backward_input_workgroup.wgsl?raw'
import rmsNormBackwardWeight from '../../shaders/rms_norm_backward_weight.wgsl?raw'
import rmsNormForward from '../../shaders/rms_norm_forward.wgsl?raw'
import rmsNormForwardWorkgroup from '../../shaders/rms_norm_forward_workgroup.wgsl?raw'
import rotaryEmbedding from '../../shaders/rotary_embedding.wgsl?raw'
import sgd from '../../shaders/sgd.wgsl?raw'
import softmaxStats from '../../shaders/softmax_stats.wgsl?raw'
import squaredNorm from '../../shaders/squared_norm.wgsl?raw'
import sum from '../../shaders/sum.wgsl?raw'
import swigluBackward from '../../shaders/swiglu_backward.wgsl?raw'
import swigluForward from '../../shaders/swiglu_forward.wgsl?raw'
import { elements, grid } from './grid.ts'
import type { KernelParams, KernelTable, KernelVariant } from './kernel-row.ts'
import { attentionRows } from './variants/attention.ts'
import { matmulRows } from './variants/matmul.ts'

function naive(source: string, workgroups: KernelVariant['workgroups']): KernelVariant {
  return { name: 'naive', source, workgroups }
}

/** Cooperative variants use one workgroup per row. */
function perRow(source: string): KernelVariant {
  return { name: 'workgroup', source, workgroups: (p) => grid(p.rows!) }
}

/** Workgroups of the kernels with the most elements: on a CPU a workgroup costs half a microsecond. */
const WIDE = 256

const perChannel = (p: KernelParams) => elements(p.rows! * p.C!)

/** One row per kernel: its variants, the naive one first. To add a kernel: a signature (model/kernels.ts), WGSL, a row. */
export const KERNEL_TABLE: KernelTable = {
  ...matmulRows,
  ...attentionRows,
  embedding_forward: [naive(embeddingForward, perChannel)],
  embedding_backward_token: [naive(embeddingBackwardToken, (p) => elements(p.capacity! * p.C!))],
  embedding_backward_position: [naive(embeddingBackwardPosition, (p) => elements(p.T! * p.C!))],
  layer_norm_forward: [naive(layerNormForward, (p) => elements(p.rows!, 32)), perRow(layerNormForwardWorkgroup)],
  layer_norm_backward_input: [
    naive(layerNormBackwardInput, (p) => elements(p.rows!, 32)),
    perRow(layerNormBackwardInputWorkgroup),
  ],
  layer_norm_backward_weight: [naive(layerNormBackwardWeight, (p) => elements(p.C!, 16))],
  rms_norm_forward: [naive(rmsNormForward, (p) => elements(p.rows!, 32)), perRow(rmsNormForwardWorkgroup)],
  rms_norm_backward_input: [
    naive(rmsNormBackwardInput, (p) => elements(p.rows!, 32)),
    perRow(rmsNormBackwardInputWorkgroup),
  ],
  rms_norm_backward_weight: [naive(rmsNormBackwardWeight, (p) => elements(p.C!, 16))],
  rotary_embedding: [naive(rotaryEmbedding, (p) => elements((p.rows! * p.HS!) / 2))],
  bias_backward: [naive(biasBackward, (p) => elements(p.N!, 16))],
  gelu_forward: [naive(geluForward, (p) => elements(p.n!, WIDE))],
  gelu_backward: [naive(geluBackward, (p) => elements(p.n!, WIDE))],
  swiglu_forward: [naive(swigluForward, (p) => elements(p.rows! * p.F!, WIDE))],
  swiglu_backward: [naive(swigluBackward, (p) => elements(p.rows! * p.F!, WIDE))],
  bias_residual: [naive(biasResidual, (p) => elements(p.rows! * p.C!, WIDE))],
  cross_entropy: [naive(crossEntropy, (p) => elements(p.rows!, 16)), perRow(crossEntropyWorkgroup)],
  softmax_stats: [naive(softmaxStats, (p) => elements(p.rows!, 16))],
  cross_entropy_sharded: [naive(crossEntropySharded, (p) => elements(p.rows!, 16))],
  sum: [naive(sum, () => [1, 1, 1])],
  squared_norm: [naive(squaredNorm, (p) => grid(p.count!))],
  adamw: [naive(adamw, (p) => elements(p.n!, WIDE))],
  sgd: [naive(sgd, (p) => elements(p.n!))],
  encode_fp16: [naive(encodeFp16, (p) => elements(Math.ceil(p.n! / 2)))],
  encode_int8: [naive(encodeInt8, (p) => grid(p.chunks!))],
  encode_topk: [naive(encodeTopk, () => [1, 1, 1])],
  decode_fp16: [naive(decodeFp16, (p) => elements(p.n!))],
  decode_int8: [naive(decodeInt8, (p) => elements(p.n!))],
  decode_topk: [naive(decodeTopk, (p) => elements(p.k!))],
  axpy: [naive(axpy, (p) => elements(p.n!))],
}
