import type { RefusedCode } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { FaultSentence } from '../core/fault.ts'
import type { KernelName } from '../model/kernels.ts'
import { KERNEL_TABLE } from './kernel-table.ts'
import { ATTENTION_QUADS, ATTENTION_REGISTERS } from './variants/attention.ts'

/*
 * Kernel variants for an adapter. A name may list fallbacks with "+": the first that fits a launch's sizes is used,
 * else the naive variant.
 */

function attention(variant: string) {
  return { attention_forward: variant, attention_backward_query: variant, attention_backward_key_value: variant }
}

const SOFTWARE: Readonly<Record<string, string>> = {
  matmul_nn: 'quads+blocks-vec4+blocks',
  matmul_nt: 'quads+blocks-vec4+blocks',
  matmul_tn: 'quads+blocks-vec4+blocks',
  ...attention(ATTENTION_QUADS),
}

const HARDWARE: Readonly<Record<string, string>> = {
  matmul_nn: 'tiles-vec4+tiles',
  matmul_nt: 'tiles-vec4+tiles',
  matmul_tn: 'tiles-vec4+tiles',
  layer_norm_forward: 'workgroup',
  layer_norm_backward_input: 'workgroup',
  rms_norm_forward: 'workgroup',
  rms_norm_backward_input: 'workgroup',
  cross_entropy: 'workgroup',
  ...attention(ATTENTION_REGISTERS),
}

/** Known to be fast on this kind of adapter, before anything is measured (docs/performance.md has the measurements). */
export function chooseVariants(adapter: { readonly software: boolean }): Record<string, string> {
  return { ...(adapter.software ? SOFTWARE : HARDWARE) }
}

export function describeVariants(variants: Readonly<Record<string, string>>): string {
  return Object.entries(variants)
    .map(([kernel, variant]) => `${kernel}=${variant}`)
    .join(' ')
}

/** The inverse; null for anything else. Whether the variants exist is checked by `unknownVariant`. */
export function parseVariants(text: string): Record<string, string> | null {
  const pairs = text.split(' ').map((each) => each.split('='))
  return pairs.every((pair) => pair.length === 2 && pair[0] && pair[1]) ? Object.fromEntries(pairs) : null
}

/** The first unknown name of a choice, worded; null when all exist. */
export function unknownVariant(variants: Readonly<Record<string, string>>): FaultSentence<RefusedCode> | null {
  for (const [kernel, requested] of Object.entries(variants)) {
    if (!isKernel(kernel)) return sentence('not-a-kernel', { kernel, known: Object.keys(KERNEL_TABLE).join(', ') })
    const names = KERNEL_TABLE[kernel].map(({ name }) => name)
    const unknown = requested.split('+').find((name) => !names.includes(name))
    if (unknown !== undefined) return sentence('not-a-variant', { variant: unknown, kernel, known: names.join(', ') })
  }
  return null
}

function isKernel(name: string): name is KernelName {
  return Object.hasOwn(KERNEL_TABLE, name)
}
