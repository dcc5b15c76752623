import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../../src/config/parse.ts'
import type { RunConfig } from '../../../../src/config/types.ts'
import type { Program } from '../../../../src/schedule/program.ts'
import { actionsOf } from '../../../../src/schedule/registry.ts'
import { hardwareFlops, modelFlops } from '../../../../src/sim/model-flops.ts'
import { predictBytes } from '../../../../src/sim/ledger.ts'
import { rankTraffic } from '../../../../src/sim/traffic.ts'
import { inspect } from '../../../../src/state/inspect/inspect.ts'
import type { Inspectable } from '../../../../src/state/inspect/inspect.ts'
import { textOf, valueOf } from '../../../../src/core/expression.ts'
import { buildProgram } from '../../../../src/strategy/build.ts'

const MODEL = { layers: 4, heads: 4, embed: 32, context: 16, vocab: 256 }
const LLAMA = { ...MODEL, family: 'llama', heads: 8, kvHeads: 4, headSize: 6, ffn: 40 }

const STRATEGIES = {
  single: {},
  ddp: { data: 4 },
  dataParallel: { data: 3, dataMode: 'data-parallel' },
  server: { data: 3, dataMode: 'parameter-server' },
  hostServer: { data: 3, dataMode: 'parameter-server', server: { at: 'cpu' } },
  zero2: { data: 3, zero: 2 },
  zero3: { data: 2, zero: 3 },
  tensor: { tensor: 4 },
  sequence: { tensor: 2, sequenceParallel: true },
  gpipe: { pipeline: 4, schedule: 'gpipe', recompute: 'full' },
  selective: { pipeline: 2, schedule: '1f1b', recompute: 'selective' },
  interleaved: { pipeline: 2, schedule: 'interleaved-1f1b', chunks: 2 },
  zeroBubble: { pipeline: 4, schedule: 'zb-h1' },
  tree: { data: 5, collective: 'tree' },
  star: { data: 3, collective: 'star' },
  topk: { data: 2, compression: { kind: 'topk', ratio: 0.1 } },
  threeD: { data: 2, tensor: 2, pipeline: 2, schedule: '1f1b' },
} as const

function opened(
  parallel: object,
  optimizer: object = {},
  model: object = MODEL,
): Inspectable & { config: RunConfig; program: Program } {
  const config = parseConfig({
    model,
    parallel,
    optimizer,
    data: { tokenizer: 'byte' },
    batch: { global: 24, microbatches: 4, sequence: 16 },
  })
  const program = buildProgram(config)
  return { config, program, memory: predictBytes(program).map(({ plan }) => plan) }
}

const cases: readonly (readonly [string, object, object])[] = [
  ...Object.entries(STRATEGIES).map(([name, parallel]) => [name, parallel, MODEL] as const),
  ...(['single', 'sequence', 'selective', 'zeroBubble'] as const).map(
    (name) => [`${name}, llama`, STRATEGIES[name], LLAMA] as const,
  ),
]

describe.each(cases)('%s', (_, parallel, model) => {
  const whole = opened(parallel, {}, model)
  const { program, config } = whole
  const tensor = (rank: number, name: string) => {
    const found = inspect(whole, { kind: 'tensor', rank, name })
    if (found?.kind !== 'tensor') throw new Error(name)
    return found
  }
  const opOf = (rank: number, id: number) => {
    const found = inspect(whole, { kind: 'op', rank, op: id })
    if (found?.kind !== 'op') throw new Error(String(id))
    return found
  }

  it('gives every buffer its bytes, and parameters and activations by their shape', () => {
    for (const rank of program.ranks)
      for (const spec of rank.buffers.values()) {
        const found = tensor(rank.rank, spec.name)
        const [formula] = found.formulas
        expect(valueOf(formula!.expression, formula!.values)).toBe(spec.bytes)
        const shaped = !textOf(formula!.expression, (symbol) => symbol).startsWith('P')
        const whole =
          /^(mb\d+:|re:|u\d+:)*(param|grad|m|v):/.test(spec.name) ||
          (spec.category === 'activations' && !spec.name.includes('segments'))
        if (whole && !('zero' in parallel) && spec.home === 'device' && rank.device === 'gpu')
          expect(shaped, spec.name).toBe(true)
      }
  })

  it("adds up to the rank's traffic", () => {
    for (const rank of program.ranks) {
      const found = rank.step.map((op) => opOf(rank.rank, op.id))
      const traffic = rankTraffic(rank)
      expect(found.reduce((sum, { moved }) => sum + (moved?.sent ?? 0), 0)).toBe(traffic.sentBytes)
      expect(found.reduce((sum, { moved }) => sum + (moved?.received ?? 0), 0)).toBe(traffic.receivedBytes)
      for (const { formulas, moved } of found)
        for (const each of formulas.filter(({ of }) => of === 'sent'))
          expect(Math.abs(valueOf(each.expression, each.values) - moved!.sent)).toBeLessThanOrEqual(8)
    }
  })

  it("adds up to the model's floating-point operations", () => {
    const flop = program.ranks.reduce((sum, { rank }) => {
      const found = inspect(whole, { kind: 'device', rank })
      return sum + (found?.kind === 'device' ? found.flop : NaN)
    }, 0)
    const { global, sequence } = config.batch
    const tokens = global * sequence
    const expected =
      config.parallel.recompute === 'none'
        ? modelFlops(config.model, tokens, sequence)
        : hardwareFlops(config.model, tokens, sequence, config.parallel.recompute)
    expect(flop / expected).toBeCloseTo(1, 6)
  })

  it('lists what a device holds where its memory peaks', () => {
    for (const { rank } of program.ranks) {
      const found = inspect(whole, { kind: 'device', rank })
      if (found?.kind !== 'device') throw new Error()
      const listed = found.lists.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
      expect(listed + found.freeBytes).toBe(found.peakBytes)
      for (const each of found.formulas) {
        const bytes = found.lists.find(({ of }) => of === each.of)?.bytes
        expect(valueOf(each.expression, each.values)).toBe(each.of === 'peak' ? found.peakBytes : bytes)
      }
      expect(found.formulas.map(({ of }) => of)).toContain('peak')
    }
  })

  it('deals every op of a stage and micro-batch to one cell of the schedule', () => {
    const { actions } = actionsOf(config)
    const passes = { F: 'forward', B: 'backward', I: 'backwardInput', W: 'backwardWeight' } as const
    for (const rank of program.ranks.filter(({ device }) => device === 'gpu')) {
      const dealt = actions[rank.coordinates.pipeline]!.flatMap((action) => {
        const found = inspect(whole, {
          kind: 'action',
          rank: rank.rank,
          stage: action.stage,
          microbatch: action.microbatch,
          pass: passes[action.kind],
        })
        const parts = found?.lists[0]?.parts ?? []
        expect(parts.length).toBeGreaterThan(0)
        if (found?.kind === 'action' && found.flop > 0) {
          const [formula] = found.formulas
          expect(valueOf(formula!.expression, formula!.values)).toBe(found.flop)
        }
        return parts.map(({ target }) => (target.kind === 'op' ? target.op : -1))
      })
      const placed = rank.step.filter((op) => op.stage !== undefined && op.microbatch !== undefined).map(({ id }) => id)
      expect(dealt.toSorted((a, b) => a - b)).toEqual(placed)
    }
  })
})

describe('formulas', () => {
  it('say what a ring, a tree and a server move', () => {
    const of = (parallel: object, kind: string, at = 0) => {
      const whole = opened(parallel)
      const op = whole.program.ranks[at]!.step.find((each) => each.kind === kind)!
      const found = inspect(whole, { kind: 'op', rank: at, op: op.id })!
      return found.formulas.map(({ expression }) => textOf(expression, (symbol) => symbol))
    }
    expect(of({ data: 4 }, 'allReduce')).toEqual(['2 · (n − 1) / n · S'])
    expect(of({ data: 3, zero: 2 }, 'reduceScatter')).toEqual(['(n − 1) / n · S'])
    expect(of({ data: 3, dataMode: 'parameter-server' }, 'push', 1)).toEqual(['S'])
  })

  it('fill in the numbers', () => {
    const whole = opened({})
    const op = whole.program.ranks[0]!.step.find((each) => 'segment' in each && each.segment.kind === 'mlp')!
    const [formula] = inspect(whole, { kind: 'op', rank: 0, op: op.id })!.formulas
    const numbers = textOf(formula!.expression, (symbol) => String(formula!.values[symbol]))
    expect(textOf(formula!.expression, (symbol) => symbol)).toBe('2 · B · T · F · C + 2 · B · T · C · F')
    expect(numbers).toBe('2 · 6 · 16 · 128 · 32 + 2 · 6 · 16 · 32 · 128')
    expect(formula!.value).toBe(4 * 6 * 16 * 32 * 128)
  })

  it("show a key head's sizes in family llama: q, k and v of a row", () => {
    const whole = opened({}, {}, LLAMA)
    const text = (name: string) => {
      const [formula] = inspect(whole, { kind: 'tensor', rank: 0, name })!.formulas
      return textOf(formula!.expression, (symbol) => symbol)
    }
    expect(text('mb0:model.layers.0.self_attn.qkv')).toBe('B · T · (NH + 2 · KV) · HS · 4')
    expect(text('param:model.layers.0.self_attn.k_proj.weight')).toBe('KV · HS · C · 4')
    expect(text('mb0:model.layers.0.mlp.gu')).toBe('B · T · 2 · F · 4')
  })

  it('say what a device holds of the model, and what a cell computes', () => {
    const of = (parallel: object) => {
      const found = inspect(opened(parallel), { kind: 'device', rank: 0 })!
      return found.formulas.map(({ of: what, expression }) => `${what}: ${textOf(expression, (symbol) => symbol)}`)
    }
    expect(of({ data: 2 })).toEqual([
      'parameters: 4 · M',
      expect.stringMatching(/^gradients: 4 · [ME]$/),
      'optimizer: 2 · 4 · M',
      'activations: 4 · E',
      expect.stringMatching(/^peak: par \+ grad \+ opt \+ act \+ /),
    ])
    expect(of({ data: 2, zero: 1 })[2]).toMatch(/^optimizer: 2 · 4 · (M \/ n|E)$/)
    expect(of({ data: 2, zero: 3 })[0]).toMatch(/^parameters: (4 · M \/ n|4 · E) \+ 4 · G$/)
    const cell = inspect(opened({}), { kind: 'action', rank: 0, stage: 0, microbatch: 0, pass: 'forward' })!
    expect(textOf(cell.formulas[0]!.expression, (symbol) => symbol)).toMatch(
      /^4 · \(2 · B · T · 3 · NH · HS · C \+ .*\) \+ 4 · \(2 · B · T · F · C \+ 2 · B · T · C · F\) \+ 2 · R · V · C$/,
    )
  })

  it("name the optimizer's rule with the configuration's numbers", () => {
    const whole = opened({}, { kind: 'sgd', momentum: 0.5, weightDecay: 0.25 })
    const op = whole.program.ranks[0]!.step.find(({ kind }) => kind === 'optimizerStep')!
    const found = inspect(whole, { kind: 'op', rank: 0, op: op.id })
    expect(found?.kind === 'op' && found.optimizer?.numbers).toEqual([
      ['η', 0.001],
      ['μ', 0.5],
      ['λ', 0.25],
    ])
  })

  it('do not exist for what a Program does not have', () => {
    const whole = opened({})
    expect(inspect(whole, { kind: 'device', rank: 1 })).toBeNull()
    expect(inspect(whole, { kind: 'op', rank: 0, op: 1e9 })).toBeNull()
    expect(inspect(whole, { kind: 'tensor', rank: 0, name: 'param:h.9.ln_1.weight' })).toBeNull()
  })
})
