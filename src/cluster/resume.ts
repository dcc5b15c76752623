import { hexOf, sha256 } from '../core/sha256.ts'
import type { Checkpoint } from '../checkpoint/store.ts'
import type { RunConfig } from '../config/types.ts'
import { refuserOf } from '../core/errors.ts'
import type { Refuse } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'

/** Refuses to resume from a checkpoint of another model, optimizer or data, or with no steps left. */
export async function checkResume(
  checkpoint: Checkpoint,
  { config, dataset }: { readonly config: RunConfig; readonly dataset: Dataset },
): Promise<void> {
  const refuse: Refuse = refuserOf('checkpoint')
  const saved = checkpoint.config
  if (JSON.stringify(saved.model) !== JSON.stringify(config.model)) refuse('checkpoint-of-other-model')
  if (saved.optimizer.kind !== config.optimizer.kind)
    refuse('checkpoint-of-other-optimizer', { saved: saved.optimizer.kind, own: config.optimizer.kind })
  const total = config.steps ?? config.epochs! * dataset.stepsPerEpoch
  if (checkpoint.step >= total) refuse('checkpoint-past-end', { step: checkpoint.step, total })
  if (checkpoint.data !== (await hashData(dataset))) refuse('checkpoint-of-other-data')
}

/** SHA-256 of all tokens of a dataset. */
export async function hashData(dataset: Dataset): Promise<string> {
  const { tokens, validationTokens } = dataset.share()
  const all = new Uint16Array(tokens.length + validationTokens.length)
  all.set(tokens)
  all.set(validationTokens, tokens.length)
  return hexOf(await sha256(all))
}
