import type { FamilySpec } from '../family-spec.ts'
import { normal, ones, onResidual, zeros } from '../family-spec.ts'
import { attention } from '../segments/attention.ts'
import { embedding } from '../segments/embedding.ts'
import { logits } from '../segments/head.ts'
import { mlp } from '../segments/mlp.ts'
import { norm } from '../segments/norm.ts'
import { biasResidual } from '../segments/residual.ts'

const layerNorm = (name: string) => ({
  segment: norm,
  name,
  parameters: { gamma: { name: `${name}.weight`, init: ones }, beta: { name: `${name}.bias`, init: zeros } },
})
const outputBias = (body: string) => ({
  segment: biasResidual,
  name: `${body}.residual`,
  parameters: { bias: { name: `${body}.c_proj.bias`, init: zeros } },
})

/**
 * GPT-2 (Radford et al. 2019) with Hugging Face's names. Initial values are those of its section 2.3: normal with deviation
 * 0.02 (positions 0.01), projections onto the residual stream scaled by 1/√(2L), biases 0, norms 1.
 */
export const gpt2: FamilySpec = {
  title: 'GPT-2',
  embedding: {
    segment: embedding,
    name: 'wte',
    parameters: {
      wte: { name: 'wte.weight', init: normal(0.02) },
      wpe: { name: 'wpe.weight', init: normal(0.01) },
    },
  },
  blockName: (index) => `h.${index}`,
  block: [
    {
      title: 'attention',
      norm: layerNorm('ln_1'),
      body: {
        segment: attention,
        name: 'attn',
        parameters: {
          wqkv: { name: 'attn.c_attn.weight', init: normal(0.02) },
          bqkv: { name: 'attn.c_attn.bias', init: zeros },
          wproj: { name: 'attn.c_proj.weight', init: onResidual(0.02) },
        },
      },
      residual: outputBias('attn'),
    },
    {
      title: 'MLP',
      norm: layerNorm('ln_2'),
      body: {
        segment: mlp,
        name: 'mlp',
        parameters: {
          wfc: { name: 'mlp.c_fc.weight', init: normal(0.02) },
          bfc: { name: 'mlp.c_fc.bias', init: zeros },
          wproj: { name: 'mlp.c_proj.weight', init: onResidual(0.02) },
        },
      },
      residual: outputBias('mlp'),
    },
  ],
  finalNorm: layerNorm('ln_f'),
  head: { segment: logits, name: 'head', parameters: { wte: { name: 'lm_head.weight', init: normal(0.02) } } },
}
