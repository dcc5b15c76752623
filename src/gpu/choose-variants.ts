import { ATTENTION_REGISTERS } from './variants/attention.ts'

/*
 * Kernel variants for an adapter. A name may list fallbacks with "+": the first that fits a launch's sizes is taken, the
 * naive variant where none does.
 */

const ATTENTION = {
  attention_forward: ATTENTION_REGISTERS,
  attention_backward_query: ATTENTION_REGISTERS,
  attention_backward_key_value: ATTENTION_REGISTERS,
}

const SOFTWARE: Readonly<Record<string, string>> = {
  matmul_nn: 'quads+blocks-vec4+blocks',
  matmul_nt: 'quads+blocks-vec4+blocks',
  matmul_tn: 'quads+blocks-vec4+blocks',
  ...ATTENTION,
}

const HARDWARE: Readonly<Record<string, string>> = {
  matmul_nn: 'tiles-vec4+tiles',
  matmul_nt: 'tiles-vec4+tiles',
  matmul_tn: 'tiles-vec4+tiles',
  layer_norm_forward: 'workgroup',
  layer_norm_backward_input: 'workgroup',
  cross_entropy: 'workgroup',
  ...ATTENTION,
}

/** What is known to be fast on this kind of adapter (docs/performance.md has the measurements). */
export function chooseVariants(adapter: { readonly software: boolean }): Record<string, string> {
  return { ...(adapter.software ? SOFTWARE : HARDWARE) }
}

export function describeVariants(variants: Readonly<Record<string, string>>): string {
  return Object.entries(variants)
    .map(([kernel, variant]) => `${kernel}=${variant}`)
    .join(' ')
}
