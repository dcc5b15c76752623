/** Names in the GPT-2 files of Hugging Face, and what of them is a parameter. */

/** Attention masks that older files carry as buffers; they hold no weights. */
const MASK = /^h\.\d+\.attn\.(bias|masked_bias)$/
/** What a checkpoint of a training holds beside the weights. */
const TRAINING_STATE = /^(moment[12]|residue)\./

/** What compiling and distributing put around a module, anywhere in a name. */
const WRAPPERS = /(?<=^|\.)(?:_orig_mod|module|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g

export type FileName =
  | { readonly kind: 'parameter'; readonly name: string }
  /** The head's own copy of a tied token embedding. */
  | { readonly kind: 'tiedHead' }
  | { readonly kind: 'skipped' }

/** What a tensor of a file is to the model, whose head is tied unless it has parameters of its own. */
export function fileName(written: string, tied: boolean): FileName {
  const name = written.replaceAll(WRAPPERS, '').replace(/^transformer\./, '')
  if (MASK.test(name) || TRAINING_STATE.test(name)) return { kind: 'skipped' }
  if (tied && name === 'lm_head.weight') return { kind: 'tiedHead' }
  return { kind: 'parameter', name }
}

/** The embedding that a tied head shares. */
export const TIED_TO = 'wte.weight'
