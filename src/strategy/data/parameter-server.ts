import { RefusedError } from '../../core/errors.ts'
import type { BuildContext, ComputeRank } from '../ranks.ts'
import { gradBuffer, paramBuffer, parameterBuffers } from '../ranks.ts'
import { collective } from '../collective-ops.ts'
import type { OpDraft, RankDraft } from '../draft.ts'
import { buffer, evenParts, offsetsOf, sliceSpans, span } from '../draft.ts'
import type { LocalParameter } from '../layout.ts'
import type { Owned } from '../optimizer-tail.ts'
import { optimizerTail, report } from '../optimizer-tail.ts'
import type { Span } from '../../schedule/program.ts'

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
  if (config.parallel.server.async)
    throw new RefusedError('parallel.server.async', 'true is not supported by this version; allowed here: false')
  const parameters = ranks[0]!.parameters
  const workers = ranks.map((each) => each.rank)
  const cpu = config.parallel.server.at === 'cpu'
  const servers = cpu ? [workers.length] : config.parallel.server.at === 'sharded' ? workers : [workers[0]!]
  const group = cpu ? [...workers, workers.length] : workers
  const total = parameters.reduce((sum, each) => sum + each.elements, 0)
  const sizes = evenParts(total, servers.length)
  const shards = servers.map((server, i) => ({ server, from: offsetsOf(sizes)[i]!, length: sizes[i]! }))
  const all = (prefix: (name: string) => string): Span[] => parameters.map((each) => span(prefix(each.name), each.elements))

  // A worker that is its own only server exchanges nothing.
  const exchanged = group.length > 1 ? shards : []
  const exchange = (rank: number, kind: 'push' | 'pull'): OpDraft[] =>
    exchanged.map(({ server, from, length }) => {
      const spans = sliceSpans(all(kind === 'push' ? gradBuffer : paramBuffer), from, length)
      const isServer = rank === server
      // A CPU server has nothing of its own to push; it takes the sum.
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
      coordinates: { data: workers.length, pipeline: 0, tensor: 0 },
      device: 'cpu',
      buffers: [
        ...parameters.map((each) => buffer(paramBuffer(each.name), 'parameters', each.elements, home)),
        ...parameters.map((each) => buffer(gradBuffer(each.name), 'gradients', each.elements, home)),
        ...tail.buffers,
      ],
      state: stateOf(parameters, shard, tail),
      prologue: [],
      step: [...exchange(shard.server, 'pull'), ...exchange(shard.server, 'push'), ...tail.ops],
      epilogue: [],
    },
  ]
}

interface Shard {
  readonly from: number
  readonly length: number
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

function stateOf(
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
