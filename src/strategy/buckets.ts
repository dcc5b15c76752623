import type { LocalParameter } from './layout.ts'

/** PyTorch's first bucket: small, so that the first all-reduce starts early (torch.nn.parallel.DistributedDataParallel). */
export const FIRST_BUCKET_BYTES = 2 ** 20

/** Gradients in reverse order of their parameters, cut when a bucket reaches its size (first 1 MiB, then `bucketBytes`). */
export function gradientBuckets(parameters: readonly LocalParameter[], bucketBytes: number): LocalParameter[][] {
  const buckets: LocalParameter[][] = []
  let current: LocalParameter[] = []
  let bytes = 0
  for (const parameter of [...parameters].reverse()) {
    current.push(parameter)
    bytes += parameter.elements * 4
    if (bytes >= (buckets.length === 0 ? Math.min(FIRST_BUCKET_BYTES, bucketBytes) : bucketBytes)) {
      buckets.push(current)
      current = []
      bytes = 0
    }
  }
  return current.length > 0 ? [...buckets, current] : buckets
}
