import type { ModelShape } from './shape.ts'
import { NORM_EPSILON, ROPE_THETA, gpt2Shape } from './shape.ts'

function llama(
  layers: number,
  heads: number,
  kvHeads: number,
  embed: number,
  ffn: number,
  context = 4096,
  vocab = 32000,
  ropeTheta = ROPE_THETA,
): ModelShape {
  return {
    family: 'llama',
    layers,
    heads,
    kvHeads,
    headSize: embed / heads,
    embed,
    ffn,
    context,
    vocab,
    tied: false,
    ropeTheta,
    normEpsilon: NORM_EPSILON,
  }
}

/**
 * Models by name. nano, micro, mini and nano-llama learn the built-in corpora on any machine; GPT-2's sizes are those
 * of the released checkpoints, GPT-3's of Brown et al. 2020 (table 2.1), LLaMA-2's of Touvron et al. 2023, LLaMA-3's of
 * Dubey et al. 2024 (table 3; LLaMA-3 itself with its context of 8,192; 3.1's rotary base without its scaling),
 * TinyLlama's of Zhang et al. 2024 (table 2).
 */
export const MODEL_PRESETS = {
  nano: gpt2Shape(4, 4, 64, 64, 256),
  micro: gpt2Shape(4, 4, 128, 128, 256),
  mini: gpt2Shape(6, 8, 256, 256, 512),
  'nano-llama': llama(4, 4, 2, 64, 172, 64, 256),
  gpt2: gpt2Shape(12, 12, 768, 1024, 50257),
  'gpt2-medium': gpt2Shape(24, 16, 1024, 1024, 50257),
  'gpt2-large': gpt2Shape(36, 20, 1280, 1024, 50257),
  'gpt2-xl': gpt2Shape(48, 25, 1600, 1024, 50257),
  'gpt3-6.7b': gpt2Shape(32, 32, 4096, 2048, 50257),
  'gpt3-13b': gpt2Shape(40, 40, 5120, 2048, 50257),
  'gpt3-175b': gpt2Shape(96, 96, 12288, 2048, 50257),
  'llama-2-7b': llama(32, 32, 32, 4096, 11008),
  'llama-2-13b': llama(40, 40, 40, 5120, 13824),
  'llama-2-70b': llama(80, 64, 8, 8192, 28672),
  'llama-3-8b': llama(32, 32, 8, 4096, 14336, 8192, 128256, 500_000),
  'llama-3-70b': llama(80, 64, 8, 8192, 28672, 8192, 128256, 500_000),
  'llama-3.1-405b': llama(126, 128, 8, 16384, 53248, 131072, 128256, 500_000),
  'tinyllama-1.1b': llama(22, 32, 4, 2048, 5632, 2048),
} as const satisfies Record<string, ModelShape>

export type ModelPreset = keyof typeof MODEL_PRESETS

export const MODEL_PRESET_NAMES = Object.keys(MODEL_PRESETS) as readonly ModelPreset[]
