/** The training case of `bench`: small enough for a CPU adapter. */
export const TRAIN_CASE = {
  model: { layers: 4, heads: 4, embed: 128, context: 64, vocab: 256 },
  batch: { global: 8, microbatches: 1, sequence: 64 },
}
