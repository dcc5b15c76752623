import type { RunConfig } from '../config/types.ts'
import { describeCandidate, LAYOUT_WORDS, type LayoutWords } from './planner/candidates.ts'

/** A short description of a configuration: "gpt2 on h100-80gb, data 2 × pipeline 4, gpipe, 8 micro-batches of 2". */
export function describeLayout(
  { model, batch, parallel, cluster }: RunConfig,
  words: LayoutWords & { readonly on?: (model: string, device: string) => string } = LAYOUT_WORDS,
): string {
  const { preset, layers, embed } = model
  const mode = parallel.dataMode === 'ddp' ? '' : `${parallel.dataMode}${words.comma}`
  const { microbatches } = batch
  const microBatch = Math.ceil(batch.global / parallel.data / microbatches)
  const layout = describeCandidate({ ...parallel, microBatch, microbatches }, words)
  const shape = preset ?? `${layers} × ${embed}`
  return `${words.on?.(shape, cluster.device) ?? `${shape} on ${cluster.device === 'this' ? 'this device' : cluster.device}`}${words.comma}${mode}${layout}`
}
