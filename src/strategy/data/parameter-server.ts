import type { BuildContext, ComputeRank } from '../ranks.ts'
import { gradientId, parameterBuffers, parameterId } from '../ranks.ts'
import type { RankDraft } from '../draft.ts'
import { buffer } from '../draft.ts'
import { optimizerTail, report } from '../optimizer-tail.ts'
import { ownedRanges, serverExchange, serversOf, stateOf } from './server-shards.ts'

/**
 * Synchronous parameter server: workers pull the parameters, compute, push their gradients; the server adds the pushes in
 * rank order and updates. At gpu0 rank 0 is worker and server; at cpu an extra rank without a device serves; sharded,
 * every rank serves an equal flat part.
 *
 *   server   ─pull→            ←push─ norm step
 *   worker        F0 B0 F1 B1 ─push
 */
export function lowerParameterServer(context: BuildContext): RankDraft[] {
  const { config, ranks } = context
  const parameters = ranks[0]!.parameters
  const workers = ranks.map((each) => each.rank)
  const { cpu, servers, shards } = serversOf(config, parameters, workers)
  const exchange = (rank: number, kind: 'push' | 'pull') => serverExchange(config, parameters, workers, rank, kind)

  const worker = (rank: ComputeRank): RankDraft => {
    const shard = shards.find((each) => each.server === rank.rank)
    const hasLoss = rank.reportsLoss
    const tail = shard
      ? optimizerTail({ config, owned: ownedRanges(parameters, shard), normGroup: servers, hasLoss })
      : { buffers: [], ops: [report(hasLoss)], moment1: [], moment2: [] }
    return {
      rank: rank.rank,
      coordinates: rank.coordinates,
      device: 'gpu',
      // A worker that serves nothing lets its copy go at the end of the step and pulls again.
      buffers: [...parameterBuffers(parameters, shard !== undefined), ...rank.buffers, ...tail.buffers],
      state: stateOf(parameters, shard, tail),
      prologue: [],
      step: [...exchange(rank.rank, 'pull'), ...rank.ops, ...exchange(rank.rank, 'push'), ...tail.ops],
      epilogue: [],
    }
  }
  const drafts = ranks.map(worker)
  if (!cpu) return drafts
  const shard = shards[0]!
  const tail = optimizerTail({
    config,
    owned: ownedRanges(parameters, shard),
    normGroup: [shard.server],
    at: 'host',
    hasLoss: false,
  })
  const home = { home: 'host', persistent: true } as const
  return [
    ...drafts,
    {
      rank: shard.server,
      coordinates: { data: ranks.length, pipeline: 0, tensor: 0 },
      device: 'cpu',
      buffers: [
        ...parameters.map((each) => buffer(parameterId(each.name), each.elements, home)),
        ...parameters.map((each) => buffer(gradientId(each.name), each.elements, home)),
        ...tail.buffers,
      ],
      state: stateOf(parameters, shard, tail),
      prologue: [],
      step: [...exchange(shard.server, 'pull'), ...exchange(shard.server, 'push'), ...tail.ops],
      epilogue: [],
    },
  ]
}
