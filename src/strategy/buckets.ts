import { WORD_BYTES } from '../core/dtypes.ts'
import type { LocalParameter } from './layout.ts'

/** PyTorch's first bucket: small, so that the first all-reduce starts early (torch.nn.parallel.DistributedDataParallel). */
const FIRST_BUCKET_BYTES = 2 ** 20

/**
 * Gradients in reverse parameter order, split when a bucket reaches its size (first 1 MiB, then `bucketBytes`). `alone`
 * gets its own bucket: the last bits of a sum depend on the bucket's parts, and where another stage holds a copy of the
 * parameter, both must get the same.
 */
export function gradientBuckets(
  parameters: readonly LocalParameter[],
  bucketBytes: number,
  alone: string | null = null,
  elementBytes = WORD_BYTES,
): LocalParameter[][] {
  const buckets: LocalParameter[][] = []
  let current: LocalParameter[] = []
  let bytes = 0
  const separate = parameters.filter(({ name }) => name === alone)
  for (const parameter of parameters.toReversed()) {
    if (parameter.name === alone) continue
    current.push(parameter)
    bytes += parameter.elements * elementBytes
    if (bytes >= (buckets.length === 0 ? Math.min(FIRST_BUCKET_BYTES, bucketBytes) : bucketBytes)) {
      buckets.push(current)
      current = []
      bytes = 0
    }
  }
  return [...buckets, current, separate].filter((bucket) => bucket.length > 0)
}
