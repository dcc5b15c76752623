import type { ModelShape } from './shape.ts'

export type TensorAxis =
  /** Cut along the last axis: the first product of a pair, and its bias. */
  | { readonly kind: 'columns' }
  /** Cut along the first axis: the second product of a pair. */
  | { readonly kind: 'rows' }
  /** Columns of q, k and v side by side, each cut by heads. */
  | { readonly kind: 'qkv' }
  /** Vocabulary rows, padded to a multiple. */
  | { readonly kind: 'vocab' }

export interface ParameterSpec {
  /** Hugging Face's GPT-2 (or LLaMA) name without prefix. */
  readonly name: string
  readonly shape: readonly number[]
  readonly init:
    { readonly kind: 'normal'; readonly std: number } | { readonly kind: 'zeros' } | { readonly kind: 'ones' }
  /** Weight decay applies: two or more dimensions. */
  readonly decay: boolean
  /** How tensor parallelism cuts it; null: every rank holds the whole. */
  readonly tensorAxis: TensorAxis | null
  /** −1 embedding, 0 … L−1 blocks, L final norm and head. */
  readonly block: number
}

const columns = { kind: 'columns' } as const
const rows = { kind: 'rows' } as const
const qkv = { kind: 'qkv' } as const
const vocab = { kind: 'vocab' } as const

/**
 * Parameters of a model in canonical order. Initial values are GPT-2's: normal with deviation 0.02 (positions 0.01),
 * projections onto the residual stream scaled by 1/√(2L), biases 0, norms 1 (Radford et al. 2019, section 2.3).
 */
export function parameterTable(shape: ModelShape): ParameterSpec[] {
  return shape.family === 'llama' ? llamaTable(shape) : gpt2Table(shape)
}

function spec(
  name: string,
  dims: readonly number[],
  init: ParameterSpec['init'],
  tensorAxis: TensorAxis | null,
  block: number,
): ParameterSpec {
  return { name, shape: dims, init, decay: dims.length >= 2, tensorAxis, block }
}

const zeros = { kind: 'zeros' } as const
const ones = { kind: 'ones' } as const
const normal = (std: number) => ({ kind: 'normal', std }) as const

function gpt2Table(shape: ModelShape): ParameterSpec[] {
  const { layers: L, heads, headSize, embed: C, ffn: F, vocab: V, context, tied } = shape
  const width = heads * headSize
  const residual = normal(0.02 / Math.sqrt(2 * L))
  const table = [
    spec('wte.weight', [V, C], normal(0.02), vocab, -1),
    spec('wpe.weight', [context, C], normal(0.01), null, -1),
  ]
  for (let i = 0; i < L; i++) {
    const h = `h.${i}.`
    table.push(
      spec(`${h}ln_1.weight`, [C], ones, null, i),
      spec(`${h}ln_1.bias`, [C], zeros, null, i),
      spec(`${h}attn.c_attn.weight`, [C, 3 * width], normal(0.02), qkv, i),
      spec(`${h}attn.c_attn.bias`, [3 * width], zeros, qkv, i),
      spec(`${h}attn.c_proj.weight`, [width, C], residual, rows, i),
      spec(`${h}attn.c_proj.bias`, [C], zeros, null, i),
      spec(`${h}ln_2.weight`, [C], ones, null, i),
      spec(`${h}ln_2.bias`, [C], zeros, null, i),
      spec(`${h}mlp.c_fc.weight`, [C, F], normal(0.02), columns, i),
      spec(`${h}mlp.c_fc.bias`, [F], zeros, columns, i),
      spec(`${h}mlp.c_proj.weight`, [F, C], residual, rows, i),
      spec(`${h}mlp.c_proj.bias`, [C], zeros, null, i),
    )
  }
  table.push(spec('ln_f.weight', [C], ones, null, L), spec('ln_f.bias', [C], zeros, null, L))
  if (!tied) table.push(spec('lm_head.weight', [V, C], normal(0.02), vocab, L))
  return table
}

function llamaTable(shape: ModelShape): ParameterSpec[] {
  const { layers: L, embed: C, ffn: F, vocab: V, heads, kvHeads, headSize, tied } = shape
  const [q, kv] = [heads * headSize, kvHeads * headSize]
  const w = normal(0.02)
  const table = [spec('model.embed_tokens.weight', [V, C], w, vocab, -1)]
  for (let i = 0; i < L; i++) {
    const h = `model.layers.${i}.`
    table.push(
      spec(`${h}input_layernorm.weight`, [C], ones, null, i),
      spec(`${h}self_attn.q_proj.weight`, [q, C], w, rows, i),
      spec(`${h}self_attn.k_proj.weight`, [kv, C], w, rows, i),
      spec(`${h}self_attn.v_proj.weight`, [kv, C], w, rows, i),
      spec(`${h}self_attn.o_proj.weight`, [C, q], w, columns, i),
      spec(`${h}post_attention_layernorm.weight`, [C], ones, null, i),
      spec(`${h}mlp.gate_proj.weight`, [F, C], w, rows, i),
      spec(`${h}mlp.up_proj.weight`, [F, C], w, rows, i),
      spec(`${h}mlp.down_proj.weight`, [C, F], w, columns, i),
    )
  }
  table.push(spec('model.norm.weight', [C], ones, null, L))
  if (!tied) table.push(spec('lm_head.weight', [V, C], w, vocab, L))
  return table
}

export function parameterCount(shape: ModelShape): number {
  return parameterTable(shape).reduce((sum, each) => sum + each.shape.reduce((a, b) => a * b, 1), 0)
}
