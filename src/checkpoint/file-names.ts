import type { ParameterSpec } from '../model/parameters.ts'

/** Tensor names in Hugging Face files, and which of them are parameters of a model. */

/** Buffers in older files: attention masks and rotary frequencies; they hold no weights. */
const BUFFER = /(^|\.)(attn\.(bias|masked_bias)|rotary_emb\.inv_freq)$/
/** Training state that a checkpoint holds in addition to the weights. */
const TRAINING_STATE = /^(moment[12]|residue)\./
/** Prefix of the model's names inside a model with a head: GPT-2's, LLaMA's. */
const PREFIXES = ['transformer.', 'model.'] as const
/** What compilation and distribution wrappers insert, anywhere in a name. */
const WRAPPERS = /(?<=^|\.)(?:_orig_mod|module|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g
/** Name of the head, in every family. */
const HEAD = 'lm_head.weight'

export type TensorRole =
  | { readonly kind: 'parameter'; readonly name: string }
  /** The head's own copy of a tied token embedding. */
  | { readonly kind: 'tiedHead' }
  | { readonly kind: 'skipped' }

/** The parameter names of a model, and the embedding that a tied head shares. */
export interface ModelNames {
  readonly parameters: ReadonlyMap<string, ParameterSpec>
  readonly tiedTo: string | null
}

export function modelNames(specs: readonly ParameterSpec[]): ModelNames {
  return {
    parameters: new Map(specs.map((spec) => [spec.name, spec])),
    tiedTo: specs.find(({ tiedToHead }) => tiedToHead)?.name ?? null,
  }
}

/**
 * The role of a file's tensor in the model. Files of a headless model omit the prefix that others have, so names are
 * looked up with and without it.
 */
export function tensorRole(inFile: string, { parameters, tiedTo }: ModelNames): TensorRole {
  const written = inFile.replaceAll(WRAPPERS, '')
  if (BUFFER.test(written) || TRAINING_STATE.test(written)) return { kind: 'skipped' }
  const bare = PREFIXES.reduce((name, prefix) => (name.startsWith(prefix) ? name.slice(prefix.length) : name), written)
  if (tiedTo !== null && (written === HEAD || bare === HEAD)) return { kind: 'tiedHead' }
  const known = [written, bare, ...PREFIXES.map((prefix) => prefix + bare)].find((name) => parameters.has(name))
  return { kind: 'parameter', name: known ?? written }
}
