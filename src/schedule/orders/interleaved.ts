import type { Order, PipelineShape } from './shape.ts'
import { B, F, upTo } from './shape.ts'

/**
 * Interleaved 1F1B (Narayanan et al. 2021): v chunks per rank, virtual stage c·p + i on rank i. Micro-batches go in rounds
 * of p: a round through chunk 0, then the same round through chunk 1, and so on; backwards through the chunks in reverse.
 * Rank i runs 2(p − 1 − i) + (v − 1)p chunk forwards ahead, then one forward, one backward. p must divide m.
 *
 * p = 2, m = 2, v = 2, by tick of half a unit:
 *
 *   rank 0: 0F0 0F1 2F0 2F1 ·   ·   2B0 2B0 ·   2B1 2B1 0B0 0B0 0B1 0B1
 *   rank 1: ·   1F0 1F1 3F0 3B0 3B0 3F1 3B1 3B1 1B0 1B0 1B1 1B1 ·   ·
 *
 * idle per device (p − 1)(F + I + W)/v.
 */
export function interleavedOrder({ stages: p, microbatches: m, chunks: v }: PipelineShape): Order {
  const total = m * v
  const microbatchOf = (k: number) => Math.floor(k / (p * v)) * p + (k % p)
  const chunkOf = (k: number) => Math.floor((k % (p * v)) / p)
  return upTo(p).map((rank) => {
    const forward = (k: number) => F(chunkOf(k) * p + rank, microbatchOf(k))
    const backward = (k: number) => B((v - 1 - chunkOf(k)) * p + rank, microbatchOf(k))
    const ahead = Math.min(2 * (p - 1 - rank) + (v - 1) * p, total)
    return [
      ...upTo(ahead).map(forward),
      ...upTo(total).flatMap((k) => (k + ahead < total ? [forward(k + ahead), backward(k)] : [backward(k)])),
    ]
  })
}
