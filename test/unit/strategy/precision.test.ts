import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SOFTWARE_IDS } from '../../../src/config/names.ts'
import type { SoftwareId } from '../../../src/config/names.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import type { RunConfig } from '../../../src/config/types.ts'
import { RefusedError } from '../../../src/core/errors.ts'
import type { BufferRole } from '../../../src/schedule/buffers.ts'
import { unfold } from '../../../src/schedule/folded.ts'
import type { BufferSpec, RankProgram } from '../../../src/schedule/program.ts'
import { validateProgram } from '../../../src/schedule/validate.ts'
import { buildProgram } from '../../../src/strategy/build.ts'
import { ProgramFold } from '../../../src/strategy/fold.ts'
import { predictTraffic } from '../../../src/sim/traffic.ts'
import { randomInput } from '../../lib/random-config.ts'

const SHAPE = { model: { layers: 2, heads: 4, embed: 64, context: 32, vocab: 256 } }
const BATCH = { global: 8, microbatches: 1, sequence: 32 }

function configOf(input: object, software: SoftwareId, model: Partial<RunConfig['model']> = {}): RunConfig {
  const config = parseConfig({ ...SHAPE, batch: BATCH, precision: 'mixed-bf16', ...input }, 'simulate')
  return { ...config, model: { ...config.model, ...model }, cluster: { ...config.cluster, software } }
}

function bytesOf({ buffers }: RankProgram, ...roles: BufferRole[]): number {
  return [...buffers.values()].reduce((sum, spec) => sum + (roles.includes(spec.role) ? spec.bytes : 0), 0)
}

const elementsOf = (rank: RankProgram, role: BufferRole) =>
  [...rank.buffers.values()].reduce((sum, spec) => sum + (spec.role === role ? spec.elements : 0), 0)

describe('state per parameter', () => {
  const stateOf = (software: SoftwareId, input: object = {}) => {
    const [rank] = buildProgram(configOf(input, software)).ranks as [RankProgram]
    const n = elementsOf(rank, 'parameter')
    return {
      parameters: bytesOf(rank, 'parameter') / n,
      gradients: bytesOf(rank, 'gradient', 'gradientCopy') / n,
      optimizer: bytesOf(rank, 'master', 'moment1', 'moment2') / n,
    }
  }

  test.each([
    ["ZeRO's 2 + 2 + 12 (arXiv:1910.02054, section 3.1)", 'tabcluster', [2, 2, 12]],
    ["Megatron-LM's 2 + 4 + 12, main_grad in f32", 'megatron-2021', [2, 4, 12]],
    ["nanotron's 2 + 6 + 12, accumulators beside gradients", 'nanotron', [2, 6, 12]],
  ] as const)('%s', (_, software, [parameters, gradients, optimizer]) => {
    expect(stateOf(software)).toEqual({ parameters, gradients, optimizer })
  })

  test('SGD keeps masters beside its momentum, and nothing without one', () => {
    const sgd = (momentum: number) => stateOf('modern', { optimizer: { kind: 'sgd', momentum } }).optimizer
    expect([sgd(0.9), sgd(0)]).toEqual([8, 0])
  })

  test('f32 keeps no master and moves words', () => {
    const config = { ...configOf({ parallel: { data: 2 } }, 'modern'), precision: 'f32' } as const
    for (const { buffers, step } of buildProgram(config).ranks) {
      expect([...buffers.values()].filter(({ role }) => role === 'master')).toEqual([])
      for (const op of step) if ('elementBytes' in op) expect(op.elementBytes).toBe(4)
    }
  })
})

test('gradients travel in the bytes they are reduced in', () => {
  const sent = (software: SoftwareId) => {
    const program = buildProgram(configOf({ parallel: { data: 4 } }, software))
    const [rank] = program.ranks as [RankProgram]
    return predictTraffic(program)[0]!.traffic.gradients / elementsOf(rank, 'parameter')
  }
  // A ring moves 2 · 3/4 of the vector.
  expect(sent('megatron-2021')).toBeCloseTo(1.5 * 2, 3)
  expect(sent('pytorch-fsdp')).toBeCloseTo(1.5 * 4, 3)
})

/** Bytes of block 1 that a forward leaves and the backward reads; the statistics of norms and attention not among them. */
function keptBytes(config: RunConfig): number {
  const { buffers, step } = buildProgram(config).ranks[0]!
  const turn = step.findIndex(({ kind }) => kind.startsWith('backward'))
  const written = new Set(step.slice(0, turn).flatMap(({ writes }) => writes))
  const read = new Set(step.slice(turn).flatMap(({ reads }) => reads))
  const inBlock = ({ tensor, name, dtype, role }: BufferSpec) =>
    (tensor.includes('.1.') || tensor.endsWith('.0.out')) &&
    !tensor.endsWith('1.out') &&
    role === 'activation' &&
    dtype !== 'f32' &&
    written.has(name) &&
    read.has(name)
  return [...buffers.values()].reduce((sum, spec) => sum + (inBlock(spec) ? spec.bytes : 0), 0)
}

describe('activations of a block', () => {
  const [s, b, h, a] = [32, 8, 64, 4]
  const unit = s * b * h
  const scores = (5 * a * s) / h
  const of = (parallel: object, software: SoftwareId = 'megatron-2021', model = {}) =>
    keptBytes(configOf({ parallel }, software, model)) / unit

  test.each([
    ['none', {}, 34 + scores],
    ['tensor', { tensor: 2 }, 10 + 24 / 2 + scores / 2],
    ['tensor and sequence', { tensor: 2, sequenceParallel: true }, (34 + scores) / 2],
    ['selective', { recompute: 'selective' }, 34],
    ['selective, tensor and sequence', { recompute: 'selective', tensor: 2, sequenceParallel: true }, 34 / 2],
    ['full', { recompute: 'full' }, 2],
  ])('Korthikanti et al. (arXiv:2205.05198), Table 2: %s', (_, parallel, expected) => {
    expect(of(parallel)).toBe(expected)
  })

  test('without dropout and with fused attention, 32 of those 34 bytes', () => {
    expect(of({}, 'modern')).toBe(32)
    expect(of({}, 'modern', { attention: 'materialized' })).toBe(32 + (2 * a * s) / h)
    expect(of({}, 'modern', { dropout: 0.1 })).toBe(34)
  })

  test('LLaMA: what element-wise kernels hand to each other is kept where they are not fused', () => {
    const model = { family: 'llama', layers: 2, heads: 4, kvHeads: 2, embed: 64, ffn: 96, context: 32, vocab: 256 }
    const kept = (software: SoftwareId) => keptBytes(configOf({ model }, software)) / (s * b)
    const [q, kv, ffn] = [64, 32, 96]
    const fused = 8 * h + 2 * (q + 2 * kv) + 2 * q + 6 * ffn
    expect(kept('modern')).toBe(fused)
    expect(kept('nanotron')).toBe(fused + 2 * (q + kv) + 2 * ffn)
  })

  test('a weight gradient keeps 32 bytes (Zero Bubble, arXiv:2401.10241, Table 1)', () => {
    const { buffers, step } = buildProgram(
      configOf(
        { parallel: { pipeline: 2, schedule: 'zb-h1' }, batch: { ...BATCH, microbatches: 2, global: 16 } },
        'zero-bubble',
      ),
    ).ranks[0]!
    const before = new Set<string>()
    const kept = new Set<string>()
    for (const op of step) {
      if (op.microbatch !== 0) continue
      if (op.kind === 'backwardWeight') {
        for (const name of op.reads) if (before.has(name)) kept.add(name)
      } else for (const name of [...op.writes, ...op.reads]) before.add(name)
    }
    const bytes = [...kept]
      .map((name) => buffers.get(name)!)
      .filter(({ tensor }) => /^(h\.0\.(?!ln_1\.dx)|s0\.dx)/.test(tensor))
    expect(bytes.reduce((sum, each) => sum + each.bytes, 0) / unit).toBe(32)
  })
})

test('logits and their copies are as many bytes as the software keeps, the device context besides', () => {
  const of = (software: SoftwareId) => {
    const { buffers } = buildProgram(configOf({}, software)).ranks[0]!
    const specs = [...buffers.values()]
    const logits = specs.filter(({ tensor }) => /^(logits|loss\.copies)/.test(tensor))
    const context = specs.find(({ tensor }) => tensor === 'context')
    return [logits.reduce((sum, { bytes }) => sum + bytes, 0) / (8 * 32 * 256), context?.bytes]
  }
  expect(of('megatron-2021')).toEqual([6, 1e9])
  expect(of('nanotron')).toEqual([9, 2e9])
  expect(of('tabcluster')).toEqual([2, undefined])
})

/** A rank's Program with its buffers in an order of their own. */
function comparable({ buffers, ...rank }: RankProgram): object {
  return { ...rank, buffers: [...buffers.values()].sort((x, y) => (x.name < y.name ? -1 : 1)) }
}

test('any configuration in mixed precision, under any software, is a valid Program and folds to it', () => {
  fc.assert(
    fc.property(
      randomInput,
      fc.constantFrom(...SOFTWARE_IDS),
      fc.constantFrom('fused' as const, 'materialized' as const, null),
      fc.constantFrom(0, 0.1, null),
      (input, software, attention, dropout) => {
        let config: RunConfig
        try {
          config = configOf(input, software, { attention, dropout })
        } catch (error) {
          if (error instanceof RefusedError) return
          throw error
        }
        const program = buildProgram(config)
        validateProgram(program)
        const fold = new ProgramFold(config)
        for (const rank of program.ranks) {
          const folded = fold.rank(rank.rank)
          const unfolded = unfold(folded, (m) => fold.builder.samplesOf(rank.coordinates.data)[m]!)
          expect(comparable(unfolded)).toEqual(comparable(rank))
        }
      },
    ),
    { numRuns: process.env.TABCLUSTER_FULL === '1' ? 1000 : 25, seed: 21 },
  )
})
