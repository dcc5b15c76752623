import { describe, expect, test } from 'vitest'
import { nodeTaskHost, nodeRankHost } from '../../src/cluster/hosts/node-tasks.ts'
import { startRun } from '../../src/cluster/run.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { OutOfMemoryError, RankError } from '../../src/core/errors.ts'
import { Rng } from '../../src/core/random.ts'
import { prepareDataset } from '../../src/data/prepare.ts'
import type { GpuDevice } from '../../src/gpu/device.ts'
import type { RankHost } from '../../src/cluster/rank.ts'
import { SMALL, reusingRankHost, runToEnd } from '../lib/run.ts'

const LAYOUTS = [
  { data: 3 },
  { data: 2, dataMode: 'data-parallel' },
  { data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } },
  { pipeline: 2, data: 2 },
  { pipeline: 2, schedule: 'zb-h1' },
]

/** A host whose rank `victim` fails by itself after `after` launches. */
function failingHost(victim: number, after: number, how: 'throw' | 'destroy'): RankHost {
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
      const run = await startRun({
        config,
        dataset: await prepareDataset(config, {}),
        host: nodeTaskHost('memory', failingHost(victim, random.below(120), how)),
      })
      const start = performance.now()
      const error = await run.finished.then(
        () => null,
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(RankError)
      if (error instanceof RankError) {
        expect(error.rank).toBe(victim)
        expect(error.message).not.toContain('\n')
        if (how === 'throw') expect(error.message).toMatch(/^rank \d+ at .+: a kernel went wrong$/)
      }
      expect((performance.now() - start) / 1000).toBeLessThan(5)
    })
})

test('20 starts and stops leave nothing behind', async () => {
  for (let i = 0; i < 20; i++) {
    const { leakedBytes } = await runToEnd({ parallel: { data: 2 } })
    expect(leakedBytes).toBe(0)
  }
})

describe('a budget', () => {
  const large = { model: { layers: 2, heads: 4, embed: 64, context: 64, vocab: 256 }, batch: { global: 8, microbatches: 1, sequence: 64 } }

  test('is checked before anything runs, naming rank, category and size', async () => {
    const error = await runToEnd({ ...large, cluster: { memoryBytes: 2_000_000 } }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(OutOfMemoryError)
    expect(String(error)).toMatch(/rank 0 needs [\d.]+ MB.*(activations|optimizer|gradients|parameters).*budget cluster.memoryBytes is 2.00 MB/)
  })
})

describe('measured means measured', () => {
  test('an extra buffer on the device shows', async () => {
    const host: RankHost = {
      ...reusingRankHost,
      async openGpu(request, progress) {
        const gpu = await reusingRankHost.openGpu(request, progress)
        if (request.rank === 1) gpu.device.createBuffer({ size: 256, usage: 128 })
        return gpu
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
})
