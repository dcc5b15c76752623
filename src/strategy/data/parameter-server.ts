import type { LocalParameter } from '../layout.ts'
import type { BuildContext } from '../ranks.ts'
import { gradientId, parameterBuffers, parameterId } from '../ranks.ts'
import type { OpDraft, RankDraft } from '../draft.ts'
import { buffer } from '../draft.ts'
import { optimizerTail, report } from '../optimizer-tail.ts'
import { ownedRanges, serverExchange, serversOf, stateOf } from './server-shards.ts'
import type { ServerShard } from './server-shards.ts'

/**
 * Synchronous parameter server: workers pull the parameters, compute and push their gradients; the server adds the
 * pushes in rank order and updates. At gpu0 rank 0 is worker and server; at cpu an extra rank without a device serves;
 * sharded, every rank serves an equal flat part.
 *
 *   server   ─pull→            ←push─ norm step
 *   worker        F0 B0 F1 B1 ─push
 */
export function lowerParameterServer(number: number, context: BuildContext): RankDraft {
  const { config, world: workers, rank: rankOf } = context
  const { parameters } = rankOf(workers[0]!)
  const { servers, shards } = serversOf(config, parameters, workers)
  const shard = shards.find((each) => each.server === number)
  const exchange = (kind: 'push' | 'pull') => serverExchange(config, parameters, workers, number, kind)
  if (number === workers.length) return cpuServer(number, parameters, shards[0]!, context, exchange)
  const rank = rankOf(number)
  const hasLoss = rank.reportsLoss
  const tail = shard
    ? optimizerTail({ config, owned: ownedRanges(parameters, shard), normGroup: servers, hasLoss })
    : { buffers: [], ops: [report(hasLoss)], moment1: [], moment2: [] }
  return {
    rank: number,
    coordinates: rank.coordinates,
    device: 'gpu',
    // A worker that serves nothing drops its copy at the end of the step and pulls again.
    buffers: [...parameterBuffers(parameters, shard !== undefined), ...rank.buffers, ...tail.buffers],
    state: stateOf(parameters, shard, tail),
    prologue: [],
    step: [...exchange('pull'), ...rank.ops, ...exchange('push'), ...tail.ops],
    epilogue: [],
  }
}

/** The rank without a device that holds, sums and updates everything in host memory. */
function cpuServer(
  number: number,
  parameters: readonly LocalParameter[],
  shard: ServerShard,
  { config, world: workers }: BuildContext,
  exchange: (kind: 'push' | 'pull') => OpDraft[],
): RankDraft {
  const tail = optimizerTail({
    config,
    owned: ownedRanges(parameters, shard),
    normGroup: [shard.server],
    at: 'host',
    hasLoss: false,
  })
  const home = { home: 'host', persistent: true } as const
  return {
    rank: number,
    coordinates: { data: workers.length, pipeline: 0, tensor: 0 },
    device: 'cpu',
    buffers: [
      ...parameters.map((each) => buffer(parameterId(each.name), each.elements, home)),
      ...parameters.map((each) => buffer(gradientId(each.name), each.elements, home)),
      ...tail.buffers,
    ],
    state: stateOf(parameters, shard, tail),
    prologue: [],
    step: [...exchange('pull'), ...exchange('push'), ...tail.ops],
    epilogue: [],
  }
}
