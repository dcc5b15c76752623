import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { OutOfMemoryError } from '../../../src/core/errors.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import { STORIES } from '../../../src/sim/stories.ts'

const story = (id: string) => STORIES.find((each) => each.id === id)!
const run = (id: string, label: string) => {
  const { config } = story(id).configs.find((each) => each.label === label)!
  return simulate(parseConfig(config, 'simulate')).result
}
const speed = (id: string, label: string) => run(id, label).tokensPerSecond!.virtual!

describe('stories', () => {
  it('have their own ids and valid configurations', () => {
    expect(new Set(STORIES.map(({ id }) => id)).size).toBe(STORIES.length)
    for (const { configs } of STORIES)
      for (const { config } of configs) expect(() => parseConfig(config, 'simulate')).not.toThrow()
  })

  it('GPT-2 on two H100 is nearly twice as fast as on one', () => {
    const [one, two] = ['1 H100', '2 H100'].map((label) => run('ddp-h100', label))
    const gain = two!.tokensPerSecond!.virtual! / one!.tokensPerSecond!.virtual!
    expect(gain).toBeGreaterThan(1.8)
    expect(gain).toBeLessThan(2)
    // Why not quite: kernels that do not halve, and what nothing hides.
    expect(two!.time.computeSeconds[0]! * 2).toBeGreaterThan(one!.time.computeSeconds[0]!)
    expect(two!.time.communicationSeconds[0]).toBeGreaterThan(0)
  })

  it("DataParallel's GPU 0 holds several times what the others do", () => {
    const bytes = run('data-parallel', 'data-parallel').ranks.map((rank) => rank.predictedBytes.total)
    expect(bytes[0]! / bytes[1]!).toBeGreaterThan(2)
    const even = run('data-parallel', 'ddp').ranks.map((rank) => rank.predictedBytes.total)
    expect(Math.max(...even) / Math.min(...even)).toBeLessThan(1.01)
  })

  it('LLaMA-2-7B fits V100 only when split, and naive splitting makes it no faster', () => {
    expect(() => run('llama-naive', '1 V100')).toThrow(OutOfMemoryError)
    const at = (label: string) => speed('llama-naive', label)
    expect(at('4 V100, naive')).toBeLessThan(1.05 * at('2 V100, naive'))
    for (const schedule of ['gpipe', '1f1b']) {
      expect(at(`2 V100, ${schedule}`)).toBeGreaterThan(1.6 * at('2 V100, naive'))
      expect(at(`4 V100, ${schedule}`)).toBeGreaterThan(1.5 * at(`2 V100, ${schedule}`))
    }
    expect(run('llama-naive', '4 V100, naive').schedule!.bubble).toBeCloseTo(0.75, 9)
  })

  it.each([
    [0, 120],
    [1, 31.4],
    [2, 16.6],
    [3, 1.9],
  ])('7.5 B parameters on 64 devices under ZeRO %i need %d GB of state', (stage, gigabytes) => {
    const { config, ranks } = run('zero-7.5b', `ZeRO ${stage}`)
    const block = 12 * config.model.embed ** 2
    const table = config.model.vocab * config.model.embed
    // At work beside the state: under ZeRO-2 the gradients of a block and of the table of tokens; under ZeRO-3 also two
    // blocks and the table, gathered.
    const atWork = [0, 0, 2 * (block + table), 2 * (block + table) + 2 * (2 * block + table)][stage]!
    for (const { predictedBytes } of ranks) {
      const { parameters, gradients, optimizer } = predictedBytes
      const found = (parameters + gradients + optimizer) / 1e9
      expect(found).toBeGreaterThan(0.99 * gigabytes)
      expect(found).toBeLessThan(1.01 * (gigabytes + atWork / 1e9))
    }
  })

  it('GPT-3 takes 1,024 A100 about 34 days', () => {
    const days = 300e9 / speed('gpt3-1024', '1,024 A100') / 86400
    expect(days).toBeGreaterThan(0.9 * 34)
    expect(days).toBeLessThan(1.1 * 34)
  })
})
