import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { simulate } from '../../../src/sim/simulate.ts'

const configOf = (input: object) => parseConfig(input, 'simulate')
const SMALL = {
  model: { layers: 4, heads: 4, embed: 64, context: 64, vocab: 256 },
  data: { tokenizer: 'byte' },
  batch: { global: 16, microbatches: 2, sequence: 64 },
}

describe('what links carry', () => {
  it.each([
    [{ data: 4 }, [['data', 4]]],
    [{ data: 2, zero: 2 }, [['data', 2]]],
    [{ tensor: 4 }, [['tensor', 4]]],
    [{ tensor: 2, sequenceParallel: true }, [['tensor', 2]]],
    [{ pipeline: 4 }, [['pipeline', 4]]],
    [
      { data: 2, tensor: 2, pipeline: 2 },
      [
        ['tensor', 2],
        ['data', 2],
        ['pipeline', 2],
      ],
    ],
  ])('is what a rank sends, by the axis of the group: %j', (parallel, axes) => {
    const { links, ranks } = simulate(configOf({ ...SMALL, parallel, cluster: { devicesPerNode: 4 } })).result
    const shown = links.filter(({ axis }) => axis !== 'all')
    expect(shown.map(({ axis, ranks: size }) => [axis, size])).toEqual(axes)
    // Pipeline stages of eight ranks lie on two nodes of four.
    for (const { axis, betweenNodes } of shown) expect(betweenNodes).toBe(axis === 'pipeline' && axes.length === 3)
    const most = Math.max(...ranks.map(({ sentBytes }) => sentBytes))
    const sum = links.reduce((total, { bytes }) => total + bytes, 0)
    expect(sum).toBeGreaterThanOrEqual(most)
    if (axes.length === 1) expect(shown[0]!.bytes / most).toBeGreaterThan(0.99)
  })

  it('names the link that a group really crosses', () => {
    const config = configOf({
      precision: 'mixed-bf16',
      model: { preset: 'gpt3-175b' },
      batch: { global: 1536, microbatches: 192, sequence: 2048 },
      parallel: { data: 8, tensor: 8, pipeline: 16, schedule: '1f1b' },
      cluster: { device: 'a100-80gb', intraNode: 'nvlink3', interNode: 'ib-hdr200' },
    })
    const { links, ranks } = simulate(config).result
    expect(links.map(({ axis, ranks: size, link }) => [axis, size, link])).toEqual([
      ['tensor', 8, 'nvlink3'],
      ['data', 8, 'ib-hdr200'],
      ['pipeline', 2, 'ib-hdr200'],
      ['all', 1024, 'ib-hdr200'],
    ])
    // Inside a node most is sent: that is why tensor groups stay there.
    expect(links[0]!.bytes).toBeGreaterThan(10 * links[1]!.bytes)
    expect(links.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThanOrEqual(
      Math.max(...ranks.map(({ sentBytes }) => sentBytes)),
    )
  })

  it('one device has none', () => {
    expect(simulate(configOf(SMALL)).result.links).toEqual([])
  })
})
