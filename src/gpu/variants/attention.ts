import backwardDelta from '../../../shaders/attention_backward_delta.wgsl?raw'
import backwardKeyValue from '../../../shaders/attention_backward_key_value.wgsl?raw'
import backwardQuery from '../../../shaders/attention_backward_query.wgsl?raw'
import forward from '../../../shaders/attention_forward.wgsl?raw'
import { elements, grid } from '../grid.ts'
import type { KernelParams, KernelTable, KernelVariant } from '../kernel-row.ts'
import { backwardKeyValueQuads, backwardQueryQuads, forwardQuads } from './attention-quads.ts'
import { backwardKeyValueSource, backwardQuerySource, forwardSource } from './attention-registers.ts'

type AttentionKernel =
  'attention_forward' | 'attention_backward_delta' | 'attention_backward_query' | 'attention_backward_key_value'

const positions = (p: KernelParams) => p.B! * p.NH! * p.T!

function naive(source: string): KernelVariant {
  return { name: 'naive', source, workgroups: (p) => elements(positions(p), 16) }
}

/** Head sizes that have kernels with everything in registers. */
const HEAD_SIZES = [8, 16, 32, 64] as const

function registers(source: (headSize: number) => string): KernelVariant[] {
  return HEAD_SIZES.map((headSize) => ({
    name: `registers-${headSize}`,
    source: source(headSize),
    workgroups: (p) => elements(positions(p), 16),
    fits: (p) => p.HS === headSize,
  }))
}

function quads(source: (headSize: number) => string): KernelVariant[] {
  return HEAD_SIZES.map((headSize) => ({
    name: `quads-${headSize}`,
    source: source(headSize),
    workgroups: (p) => grid(p.B! * p.NH! * Math.ceil(p.T! / 4)),
    features: ['subgroups'],
    fits: (p) => p.HS === headSize,
  }))
}

/** The variant for whichever head size a model has; the naive one for others. */
export const ATTENTION_REGISTERS = HEAD_SIZES.map((headSize) => `registers-${headSize}`).join('+')

/** The same for adapters that run on a CPU. */
export const ATTENTION_QUADS = [...HEAD_SIZES.map((headSize) => `quads-${headSize}`), ATTENTION_REGISTERS].join('+')

export const attentionRows: Pick<KernelTable, AttentionKernel> = {
  attention_forward: [naive(forward), ...registers(forwardSource), ...quads(forwardQuads)],
  attention_backward_delta: [naive(backwardDelta)],
  attention_backward_query: [naive(backwardQuery), ...registers(backwardQuerySource), ...quads(backwardQueryQuads)],
  attention_backward_key_value: [
    naive(backwardKeyValue),
    ...registers(backwardKeyValueSource),
    ...quads(backwardKeyValueQuads),
  ],
}
