import { philoxNormal } from '../core/philox.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import { shardRuns } from '../model/shards.ts'

/**
 * Initial values of elements [from, from + out.length) of a rank's part of a parameter. Each element depends only on
 * (seed, name, index in the whole tensor), so that every sharding starts from the same model.
 */
export function drawParameter(
  spec: ParameterSpec,
  seed: number,
  shard: { readonly tensor: number; readonly index: number },
  from: number,
  out: Float32Array,
): void {
  if (spec.init.kind !== 'normal') {
    out.fill(spec.init.kind === 'ones' ? 1 : 0)
    return
  }
  out.fill(0)
  for (const run of shardRuns(spec, shard.tensor, shard.index)) {
    const low = Math.max(from, run.local)
    const high = Math.min(from + out.length, run.local + run.length)
    if (high > low)
      philoxNormal(
        seed,
        spec.name,
        run.global + low - run.local,
        out.subarray(low - from, high - from),
        0,
        spec.init.std,
      )
  }
}
