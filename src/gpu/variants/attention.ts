import backwardDelta from '../../../shaders/attention_backward_delta.wgsl?raw'
import backwardKeyValue from '../../../shaders/attention_backward_key_value.wgsl?raw'
import backwardQuery from '../../../shaders/attention_backward_query.wgsl?raw'
import forward from '../../../shaders/attention_forward.wgsl?raw'
import { elements, grid } from '../grid.ts'
import type { KernelTable, KernelVariant } from '../kernel-row.ts'
import { backwardKeyValueQuads, backwardQueryQuads, forwardQuads } from './attention-quads.ts'
import { backwardKeyValueSource, backwardQuerySource, forwardSource } from './attention-registers.ts'

type AttentionKernel =
  'attention_forward' | 'attention_backward_delta' | 'attention_backward_query' | 'attention_backward_key_value'

/** Heads a kernel iterates over: query heads, or the key/value heads that they share. */
type Heads = 'NH' | 'KV'

function perPosition(heads: Heads, size = 16): KernelVariant['workgroups'] {
  return (p) => elements(p.B! * p[heads]! * p.T!, size)
}

function naive(source: string, heads: Heads, size?: number): KernelVariant {
  return { name: 'naive', source, workgroups: perPosition(heads, size) }
}

/** Head sizes with register kernels. */
const HEAD_SIZES = [8, 16, 32, 64] as const

function registers(source: (headSize: number) => string, heads: Heads): KernelVariant[] {
  return HEAD_SIZES.map((headSize) => ({
    name: `registers-${headSize}`,
    source: source(headSize),
    workgroups: perPosition(heads),
    fits: (p) => p.HS === headSize,
  }))
}

function quads(source: (headSize: number) => string, heads: Heads): KernelVariant[] {
  return HEAD_SIZES.map((headSize) => ({
    name: `quads-${headSize}`,
    source: source(headSize),
    workgroups: (p) => grid(p.B! * p[heads]! * Math.ceil(p.T! / 4)),
    features: ['subgroups'],
    fits: (p) => p.HS === headSize,
  }))
}

/** Selects the variant for a model's head size; naive for others. */
export const ATTENTION_REGISTERS = HEAD_SIZES.map((headSize) => `registers-${headSize}`).join('+')

/** The same for CPU adapters. */
export const ATTENTION_QUADS = [...HEAD_SIZES.map((headSize) => `quads-${headSize}`), ATTENTION_REGISTERS].join('+')

export const attentionRows: Pick<KernelTable, AttentionKernel> = {
  attention_forward: [naive(forward, 'NH'), ...registers(forwardSource, 'NH'), ...quads(forwardQuads, 'NH')],
  attention_backward_delta: [naive(backwardDelta, 'NH', 64)],
  attention_backward_query: [
    naive(backwardQuery, 'NH'),
    ...registers(backwardQuerySource, 'NH'),
    ...quads(backwardQueryQuads, 'NH'),
  ],
  attention_backward_key_value: [
    naive(backwardKeyValue, 'KV'),
    ...registers(backwardKeyValueSource, 'KV'),
    ...quads(backwardKeyValueQuads, 'KV'),
  ],
}
