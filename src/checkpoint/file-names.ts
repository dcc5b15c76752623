import type { ParameterSpec } from '../model/parameters.ts'

/** Names in Hugging Face's files, and what of them is a parameter of a model. */

/** What older files carry as buffers: attention masks, frequencies of rotary positions; they hold no weights. */
const BUFFER = /(^|\.)(attn\.(bias|masked_bias)|rotary_emb\.inv_freq)$/
/** What a checkpoint of a training holds beside the weights. */
const TRAINING_STATE = /^(moment[12]|residue)\./
/** What stands before the names of the model inside a whole one with a head: GPT-2's, LLaMA's. */
const PREFIXES = ['transformer.', 'model.'] as const
/** What compiling and distributing put around a module, anywhere in a name. */
const WRAPPERS = /(?<=^|\.)(?:_orig_mod|module|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g
/** The head of every family. */
const HEAD = 'lm_head.weight'

export type TensorRole =
  | { readonly kind: 'parameter'; readonly name: string }
  /** The head's own copy of a tied token embedding. */
  | { readonly kind: 'tiedHead' }
  | { readonly kind: 'skipped' }

/** The names of one model's parameters, and the embedding that its head shares where it has none of its own. */
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
 * What a tensor of a file is to the model. Files of a model without its head leave the prefix away that others have, so a
 * name is looked for with and without.
 */
export function tensorRole(inFile: string, { parameters, tiedTo }: ModelNames): TensorRole {
  const written = inFile.replaceAll(WRAPPERS, '')
  if (BUFFER.test(written) || TRAINING_STATE.test(written)) return { kind: 'skipped' }
  const bare = PREFIXES.reduce((name, prefix) => (name.startsWith(prefix) ? name.slice(prefix.length) : name), written)
  if (tiedTo !== null && (written === HEAD || bare === HEAD)) return { kind: 'tiedHead' }
  const known = [written, bare, ...PREFIXES.map((prefix) => prefix + bare)].find((name) => parameters.has(name))
  return { kind: 'parameter', name: known ?? written }
}
