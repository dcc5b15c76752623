import { describe, expect, test } from 'vitest'
import { nodeTaskHost, nodeRankHost } from '../../src/cluster/hosts/node-tasks.ts'
import { startRun } from '../../src/cluster/run.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { OutOfMemoryError, RankError } from '../../src/core/errors.ts'
import { kindOf } from '../../src/core/fault.ts'
import { Rng } from '../../src/core/random.ts'
import type { GpuDevice } from '../../src/gpu/gpu-device.ts'
import type { RankHost } from '../../src/cluster/rank.ts'
import type { RunEvent } from '../../src/cluster/run-events.ts'
import type { ExecutedSpan } from '../../src/schedule/executed-span.ts'
import { buildProgram } from '../../src/strategy/build.ts'
import { SMALL, datasetOf, reusingRankHost, runToEnd } from '../lib/run.ts'

const LAYOUTS = [
  { data: 3 },
  { data: 2, dataMode: 'data-parallel' },
  { data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } },
  { pipeline: 2, data: 2 },
  { pipeline: 2, schedule: 'zb-h1' },
  { data: 2, zero: 3 },
  { tensor: 2, sequenceParallel: true },
  { data: 3, dataMode: 'parameter-server', server: { async: true, maxStaleness: 5 } },
]

/** A host whose rank `victim` fails by itself after `after` launches. */
function failingHost(victim: number, after: number, how: 'throw' | 'destroy', onFailure: () => void): RankHost {
  return {
    ...reusingRankHost,
    async openGpu(request, progress) {
      // A destroyed device is of no further use: it is not shared with other cases.
      const gpu: GpuDevice =
        how === 'destroy' && request.rank === victim
          ? await nodeRankHost.openGpu(request, progress)
          : await reusingRankHost.openGpu(request, progress)
      if (request.rank !== victim) return gpu
      let launches = 0
      const launch: GpuDevice['queue']['launch'] = (prepared) => {
        if (launches++ === after) {
          onFailure()
          if (how === 'throw') throw new Error('a kernel went wrong')
          gpu.device.destroy()
        }
        gpu.queue.launch(prepared)
      }
      const queue = new Proxy(gpu.queue, {
        get(target, key) {
          if (key === 'launch') return launch
          const value: unknown = Reflect.get(target, key, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      return { ...gpu, queue }
    },
  }
}

describe('the first failure wins, everything else is released', () => {
  for (let seed = 0; seed < 50; seed++)
    test(`seed ${seed}`, async () => {
      const random = new Rng(seed, 'fault')
      const parallel = LAYOUTS[seed % LAYOUTS.length]!
      const config = parseConfig({ ...SMALL, steps: 3, parallel })
      const victim = random.below(2)
      const how = seed % 5 === 4 ? 'destroy' : 'throw'
      let failed = -Infinity
      const run = await startRun({
        config,
        dataset: await datasetOf(config),
        host: nodeTaskHost(
          'memory',
          failingHost(victim, random.below(120), how, () => (failed = performance.now())),
        ),
      })
      const error = await run.finished.then(
        () => null,
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(RankError)
      if (error instanceof RankError) {
        expect(error.fault.rank).toBe(victim)
        expect(error.message).not.toContain('\n')
        if (how === 'destroy') expect(kindOf(error.fault)).toBe('deviceLost')
        if (how === 'throw') expect(error.message).toMatch(/^rank \d+ at .+: a kernel went wrong$/)
      }
      expect((performance.now() - failed) / 1000).toBeLessThan(5)
    })
})

const cycles = process.env.TABCLUSTER_FULL === '1' ? 50 : 6

test(`${cycles} starts and stops, each on devices of its own, leave nothing behind`, async () => {
  const config = parseConfig({ ...SMALL, parallel: { data: 2 } })
  const dataset = await datasetOf(config)
  let settled = 0
  for (let i = 0; i < cycles; i++) {
    const run = await startRun({ config, dataset, host: nodeTaskHost() })
    await run.finished
    expect(run.leakedBytes).toBe(0)
    if (i === Math.floor(cycles / 2)) settled = process.memoryUsage().rss
  }
  // The second half of the cycles takes no more memory than the first has left free.
  expect((process.memoryUsage().rss - settled) / 2 ** 20).toBeLessThan(100)
})

describe('a budget', () => {
  const large = {
    model: { layers: 2, heads: 4, embed: 64, context: 64, vocab: 256 },
    batch: { global: 8, microbatches: 1, sequence: 64 },
  }

  test('is checked before anything runs, naming rank, category and size', async () => {
    const error = await runToEnd({ ...large, cluster: { memoryBytes: 2_000_000 } }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(OutOfMemoryError)
    expect(String(error)).toMatch(
      /rank 0 needs [\d.]+ MB.*(activations|optimizer|gradients|parameters).*budget cluster.memoryBytes is 2.00 MB/,
    )
  })
})

describe('measured means measured', () => {
  test('an extra buffer on the device shows', async () => {
    const extra: GPUBuffer[] = []
    const host: RankHost = {
      ...reusingRankHost,
      async openGpu(request, progress) {
        const gpu = await reusingRankHost.openGpu(request, progress)
        if (request.rank === 1) extra.push(gpu.device.createBuffer({ size: 256, usage: 128 }))
        return {
          ...gpu,
          dispose() {
            for (const buffer of extra.splice(0)) buffer.destroy()
            gpu.dispose()
          },
        }
      },
    }
    const { result } = await runToEnd({ parallel: { data: 2 } }, { host: nodeTaskHost('memory', host) })
    expect(result.ranks![0]!.peakBytes).toEqual(result.ranks![0]!.predictedBytes)
    expect(result.ranks![1]!.peakBytes.total).toBe(result.ranks![1]!.predictedBytes.total + 256)
  })

  test('an extra message shows', async () => {
    const host: RankHost = {
      ...reusingRankHost,
      openTransport(request) {
        const transport = reusingRankHost.openTransport(request)
        let extra = request.rank === 0
        const send: typeof transport.send = (peer, channel, data, traffic) => {
          if (extra && traffic === 'gradients') {
            extra = false
            void transport.send(peer, 'stray', new Uint8Array(64), traffic)
          }
          return transport.send(peer, channel, data, traffic)
        }
        return new Proxy(transport, {
          get(target, key) {
            if (key === 'send') return send
            const value: unknown = Reflect.get(target, key, target)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      },
    }
    const plain = await runToEnd({ parallel: { data: 2 } })
    const { result } = await runToEnd({ parallel: { data: 2 } }, { host: nodeTaskHost('memory', host) })
    expect(result.ranks![0]!.sentBytes).toBe(plain.result.ranks![0]!.sentBytes + 64)
    expect(result.ranks![1]!.sentBytes).toBe(plain.result.ranks![1]!.sentBytes)
  })

  test('a delay shows in the op that had it', async () => {
    const delay = 0.2
    const delaying: RankHost = {
      ...reusingRankHost,
      openTransport(request) {
        const transport = reusingRankHost.openTransport(request)
        let slow = request.rank === 1
        const send: typeof transport.send = (peer, channel, data, traffic) => {
          const sent = transport.send(peer, channel, data, traffic)
          if (!slow || traffic !== 'gradients') return sent
          slow = false
          return new Promise((resolve) => setTimeout(() => resolve(sent), delay * 1000))
        }
        return new Proxy(transport, {
          get(target, key) {
            if (key === 'send') return send
            const value: unknown = Reflect.get(target, key, target)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      },
    }
    const longest = async (host: RankHost) => {
      const spans: ExecutedSpan[] = []
      const onEvent = (event: RunEvent) => void (event.kind === 'spans' && spans.push(...event.spans))
      const { config } = await runToEnd({ parallel: { data: 2 } }, { host: nodeTaskHost('memory', host), onEvent })
      const reduction = buildProgram(config).ranks[1]!.step.find((op) => op.kind === 'allReduce')!
      const found = spans.filter(({ rank, op }) => rank === 1 && op === reduction.id)
      return Math.max(...found.map(({ start, end }) => end - start))
    }
    expect(await longest(delaying)).toBeGreaterThanOrEqual(delay * 0.95)
    expect(await longest(reusingRankHost)).toBeLessThan(delay * 0.95)
  })
})
