import { WORD_BYTES } from '../../core/dtypes.ts'
import type { BufferId } from '../../schedule/buffers.ts'
import { bufferName, messageId } from '../../schedule/buffers.ts'
import type { BufferSpec } from '../../schedule/program.ts'
import type { OpDraft, RankDraft } from '../draft.ts'
import { buffer, buffersOf, splitLike, sliceSpans, span } from '../draft.ts'
import { optimizerTail, report } from '../optimizer-tail.ts'
import type { BuildContext, ComputeRank } from '../ranks.ts'
import { gradBuffer, paramBuffer, parameterBuffers, parameterId } from '../ranks.ts'
import { COMPUTE, withNames } from '../segment-writer.ts'
import { ownedRanges, serversOf, stateOf } from './server-shards.ts'
import type { ServerShard } from './server-shards.ts'

/*
 * Asynchronous parameter server: a worker's turn is pull, compute, push; the server applies a push as it arrives. The
 * list below is one round in which each worker pulls and then has one turn; it is what is validated, predicted and
 * drawn. A run repeats its pieces in the order of the virtual clock (schedule/async-order.ts), which changes with a
 * straggler or a bound on staleness.
 *
 *   server    answer 0, 1 →      take 0 │ update │       take 1 │ update │
 *   worker 0  work: pull F0 B0 → push
 *   worker 1  work: pull F0 B0 →                   push
 */

/** The turn of an op; an update is named after the last of the workers whose pushes it applies. */
export function turnOf(piece: 'answer' | 'work' | 'take' | 'update', worker: number): string {
  return `${piece} ${worker}`
}

/** Parameters as a worker last pulled them. */
const pulledId = (tensor: string): BufferId => ({ role: 'pulled', tensor })
const pulledBuffer = (tensor: string) => bufferName(pulledId(tensor))
const sumId: BufferId = { role: 'workspace', tensor: 'pushes:sum' }
const SUM = bufferName(sumId)

export function lowerAsyncServer(number: number, { config, world, rank: rankOf }: BuildContext): RankDraft {
  const workers = world
  const { parameters } = rankOf(world[0]!)
  const { cpu, shards } = serversOf(config, parameters, world)
  const isWorker = number < world.length
  const shard = shards.find((each) => each.server === number)
  return lowerRank(number, isWorker ? rankOf(number) : null, shard, shards, cpu && !isWorker)

  function lowerRank(
    rank: number,
    worker: ComputeRank | null,
    shard: ServerShard | undefined,
    all: readonly ServerShard[],
    host: boolean,
  ): RankDraft {
    const spans = (nameOf: (name: string) => string) =>
      parameters.map(({ name, elements }) => span(nameOf(name), elements))
    const slice = (nameOf: (name: string) => string, { from, length }: ServerShard) =>
      sliceSpans(spans(nameOf), from, length)
    const home = host ? ('host' as const) : ('device' as const)
    const serving = shard ? serve(shard) : null
    const working = worker ? work(worker) : null
    return {
      rank,
      coordinates: worker?.coordinates ?? { data: workers.length, pipeline: 0, tensor: 0 },
      device: host ? 'cpu' : 'gpu',
      buffers: [...(serving?.buffers ?? []), ...(working?.buffers ?? [])],
      state: serving?.state ?? { parameters: [], gradients: [], moment1: [], moment2: [], drawn: false },
      prologue: [],
      step: [
        ...workers.flatMap((each) => serving?.answer(each) ?? []),
        ...(working?.ops ?? []),
        ...workers.flatMap((each) => (serving ? [...serving.take(each), ...serving.update(each)] : [])),
      ],
      epilogue: [],
    }

    /** The server's side for its shard of the parameters. */
    function serve(own: ServerShard) {
      const owned = ownedRanges(parameters, own)
      const sums = splitLike(
        SUM,
        owned.map(({ gradient }) => gradient),
      )
      const tail = optimizerTail({
        config,
        owned: owned.map((each, i) => ({ ...each, gradient: sums[i]! })),
        normGroup: shards.map(({ server }) => server),
        at: home,
        hasLoss: false,
      })
      const clear: OpDraft = {
        kind: 'clear',
        stream: host ? 'host' : COMPUTE,
        spans: [span(SUM, own.length)],
        reads: [],
        writes: [SUM],
      }
      const buffers: BufferSpec[] = [
        ...(host
          ? parameters.map(({ name, elements }) => buffer(parameterId(name), elements, { home, persistent: true }))
          : parameterBuffers(parameters)),
        buffer(sumId, own.length, { category: 'gradients', dtype: 'gradient', home, persistent: true }),
        ...tail.buffers,
      ]
      const state = stateOf(parameters, own, tail)
      const gradients = owned.map(({ tensor, from }, i) => ({ tensor, from, span: sums[i]! }))
      return {
        buffers: [...buffers, ...workers.flatMap((each) => (each === rank ? [] : [landing(each, own)]))],
        state: { ...state, gradients },
        update: (last: number) => tagged(turnOf('update', last), [...tail.ops, clear]),
        answer: (to: number) => tagged(turnOf('answer', to), [to === rank ? copyOwn(own) : sendParameters(to, own)]),
        take: (from: number) => tagged(turnOf('take', from), takePush(from, own)),
      }
    }

    function landing(from: number, { length }: ServerShard): BufferSpec {
      return buffer(pushId(from), length, { dtype: 'gradient', home })
    }

    function sendParameters(to: number, own: ServerShard): OpDraft {
      const source = slice(paramBuffer, own)
      return {
        ...message(to, 'parameters', 'F'),
        kind: 'send',
        stream: `send:${to}:parameters`,
        source,
        reads: buffersOf(source),
        writes: [],
      }
    }

    /** A worker that is its own server keeps pulled parameters separate from those it updates. */
    function copyOwn(own: ServerShard): OpDraft {
      const [source, target] = [slice(paramBuffer, own), slice(pulledBuffer, own)]
      return {
        kind: 'add',
        stream: COMPUTE,
        source,
        target,
        assign: true,
        reads: buffersOf(source),
        writes: buffersOf(target),
      }
    }

    function takePush(from: number, own: ServerShard): OpDraft[] {
      const target = splitLike(SUM, slice(gradBuffer, own))
      if (from === rank) {
        const source = slice(gradBuffer, own)
        return [
          {
            kind: 'add',
            stream: COMPUTE,
            source,
            target,
            assign: false,
            reads: [...buffersOf(source), SUM],
            writes: [SUM],
          },
        ]
      }
      const name = bufferName(pushId(from))
      const shared = { reads: [name, SUM], writes: [SUM] }
      const received = span(name, own.length)
      return [
        {
          ...message(from, 'gradients', 'B'),
          kind: 'recv',
          stream: `recv:${from}:gradients`,
          target: [received],
          reads: [],
          writes: [name],
        },
        host
          ? {
              ...shared,
              kind: 'offload',
              stream: 'host',
              source: [received],
              target: [span(SUM, own.length)],
              accumulate: true,
              subject: 'push',
            }
          : {
              ...shared,
              kind: 'add',
              stream: COMPUTE,
              source: [received],
              target: [span(SUM, own.length)],
              assign: false,
            },
      ]
    }

    /** The worker's side: pull from every server, forward and backward, push to every server. */
    function work(own: ComputeRank) {
      const remote = all.filter(({ server }) => server !== rank)
      const pulls = remote.map((each): OpDraft => {
        const target = slice(pulledBuffer, each)
        return {
          ...message(each.server, 'parameters', 'F'),
          kind: 'recv',
          stream: `recv:${each.server}:parameters`,
          target,
          reads: [],
          writes: buffersOf(target),
        }
      })
      const pushes = remote.map((each): OpDraft => {
        const source = slice(gradBuffer, each)
        return {
          ...message(each.server, 'gradients', 'B'),
          kind: 'send',
          stream: `send:${each.server}:gradients`,
          source,
          reads: buffersOf(source),
          writes: [],
        }
      })
      const names = new Map(parameters.map(({ name }) => [paramBuffer(name), pulledBuffer(name)]))
      // Pulled parameters outlive the turn where the server on this rank copies a part of them.
      const persistent = shard !== undefined
      const pulled = parameters.map(({ name, elements }) => buffer(pulledId(name), elements, { persistent }))
      // Gradients that a server on this rank has yet to take outlive the worker's turn.
      const kept = own.buffers.map((each) =>
        persistent && each.category === 'gradients' ? { ...each, persistent } : each,
      )
      const ops = [...pulls, ...own.ops.map((op) => withNames(op, names)), ...pushes, report(own.reportsLoss)]
      return { buffers: [...pulled, ...kept], ops: tagged(turnOf('work', rank), ops) }
    }
  }
}

const pushId = (from: number) => messageId(`push:${from}`)

function tagged(turn: string, ops: readonly OpDraft[]): OpDraft[] {
  return ops.map((op) => ({ ...op, turn }))
}

function message(peer: number, traffic: 'parameters' | 'gradients', direction: 'F' | 'B') {
  return { peer, traffic, subject: traffic, elementBytes: WORD_BYTES, direction } as const
}
