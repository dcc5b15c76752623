import { evenParts } from '../../core/parts.ts'
import type { RunConfig } from '../../config/types.ts'
import { collective } from '../collective-ops.ts'
import type { OpDraft, RankDraft } from '../draft.ts'
import { offsetsOf, sliceSpans, span } from '../draft.ts'
import type { LocalParameter } from '../layout.ts'
import type { Owned } from '../optimizer-tail.ts'
import { gradBuffer, paramBuffer } from '../ranks.ts'

interface Shard {
  readonly from: number
  readonly length: number
}

/** The part of the concatenated parameters that a rank serves. */
export interface ServerShard extends Shard {
  readonly server: number
}

/** Which ranks serve: rank 0, a rank without a device after the workers, or every worker an equal part. */
export function serversOf(
  config: RunConfig,
  parameters: readonly LocalParameter[],
  workers: readonly number[],
): {
  readonly cpu: boolean
  readonly servers: readonly number[]
  readonly shards: readonly ServerShard[]
  readonly world: number
} {
  const { at } = config.parallel.server
  const cpu = at === 'cpu'
  const servers = cpu ? [workers.length] : at === 'sharded' ? workers : [workers[0]!]
  const total = parameters.reduce((sum, each) => sum + each.elements, 0)
  const sizes = evenParts(total, servers.length)
  const shards = servers.map((server, i) => ({ server, from: offsetsOf(sizes)[i]!, length: sizes[i]! }))
  return { cpu, servers, shards, world: workers.length + (cpu ? 1 : 0) }
}

/** One rank's side of all pushes to, or pulls from, every server at once. */
export function serverExchange(
  config: RunConfig,
  parameters: readonly LocalParameter[],
  workers: readonly number[],
  rank: number,
  kind: 'push' | 'pull',
): OpDraft[] {
  const { cpu, shards, world } = serversOf(config, parameters, workers)
  // A worker that is its own only server exchanges nothing.
  if (world === 1) return []
  const group = Array.from({ length: world }, (_, each) => each)
  const bufferOf = kind === 'push' ? gradBuffer : paramBuffer
  const all = parameters.map((each) => span(bufferOf(each.name), each.elements))
  return shards.map(({ server, from, length }) => {
    const spans = sliceSpans(all, from, length)
    const isServer = rank === server
    // A CPU server has nothing of its own to push; it receives the sum.
    const gives = kind === 'push' ? !(cpu && isServer) : isServer
    const takes = kind === 'push' ? isServer : !isServer
    return collective(kind, config, {
      group,
      root: server,
      source: gives ? spans : [],
      target: takes ? spans : [],
      traffic: kind === 'push' ? 'gradients' : 'parameters',
      subject: shards.length === 1 ? (kind === 'push' ? 'gradients' : 'parameters') : `shard ${server}`,
    })
  })
}

/** The ranges of whole tensors that a flat shard covers, with their gradients. */
export function ownedRanges(parameters: readonly LocalParameter[], shard: Shard): Owned[] {
  let start = 0
  return parameters.flatMap(({ name, elements, decay }) => {
    const low = Math.max(shard.from, start)
    const high = Math.min(shard.from + shard.length, start + elements)
    const from = low - start
    start += elements
    if (high <= low) return []
    return [
      {
        tensor: name,
        from,
        parameter: span(paramBuffer(name), high - low, from),
        gradient: span(gradBuffer(name), high - low, from),
        decay,
        counted: true,
      },
    ]
  })
}

/** State of a server for its shard; empty for a rank that serves nothing. */
export function stateOf(
  parameters: readonly LocalParameter[],
  shard: Shard | undefined,
  tail: { moment1: RankDraft['state']['moment1']; moment2: RankDraft['state']['moment2'] },
): RankDraft['state'] {
  if (shard === undefined) return { parameters: [], gradients: [], moment1: [], moment2: [], drawn: false }
  const owned = ownedRanges(parameters, shard)
  return {
    parameters: owned.map((each) => ({ tensor: each.tensor, from: each.from, span: each.parameter })),
    gradients: owned.map((each) => ({ tensor: each.tensor, from: each.from, span: each.gradient })),
    moment1: tail.moment1,
    moment2: tail.moment2,
    drawn: true,
  }
}
