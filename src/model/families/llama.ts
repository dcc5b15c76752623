import type { FamilySpec } from '../family-spec.ts'
import { normal, ones } from '../family-spec.ts'
import { tokenEmbedding } from '../segments/embedding.ts'
import { gatedMlp } from '../segments/gated-mlp.ts'
import { logits } from '../segments/head.ts'
import { plainResidual } from '../segments/residual.ts'
import { rmsNorm } from '../segments/rms-norm.ts'
import { rotaryAttention } from '../segments/rotary-attention.ts'

const weight = (name: string) => ({ name: `${name}.weight`, init: normal(0.02) })
const rms = (name: string) => ({
  segment: rmsNorm,
  name,
  parameters: { gamma: { name: `${name}.weight`, init: ones } },
})
const residual = (body: string) => ({ segment: plainResidual, name: `${body}.residual`, parameters: {} })

/** LLaMA (Touvron et al. 2023) with the names of Hugging Face's LlamaForCausalLM; weights [out, in]; no biases. */
export const llama: FamilySpec = {
  title: 'LLaMA',
  embedding: {
    segment: tokenEmbedding,
    name: 'model.embed_tokens',
    parameters: { wte: weight('model.embed_tokens') },
  },
  blockName: (index) => `model.layers.${index}`,
  block: [
    {
      title: 'attention',
      norm: rms('input_layernorm'),
      body: {
        segment: rotaryAttention,
        name: 'self_attn',
        parameters: {
          wq: weight('self_attn.q_proj'),
          wk: weight('self_attn.k_proj'),
          wv: weight('self_attn.v_proj'),
          wo: weight('self_attn.o_proj'),
        },
      },
      residual: residual('self_attn'),
    },
    {
      title: 'MLP',
      norm: rms('post_attention_layernorm'),
      body: {
        segment: gatedMlp,
        name: 'mlp',
        parameters: {
          wgate: weight('mlp.gate_proj'),
          wup: weight('mlp.up_proj'),
          wdown: weight('mlp.down_proj'),
        },
      },
      residual: residual('mlp'),
    },
  ],
  finalNorm: rms('model.norm'),
  head: { segment: logits, name: 'lm_head', parameters: { wte: weight('lm_head') } },
}
