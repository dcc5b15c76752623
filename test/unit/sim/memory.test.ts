import { describe, expect, it, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { parameterCount } from '../../../src/model/parameters.ts'
import type { BufferRole } from '../../../src/schedule/buffers.ts'
import { deepspeedEstimate } from '../../lib/deepspeed-estimate.ts'
import type { DeepspeedSetup } from '../../lib/deepspeed-estimate.ts'
import { gptShape, nodesOfEight, publishedFigures } from '../../../src/sim/validate/setups.ts'
import { ProgramFold } from '../../../src/strategy/fold.ts'
import deepspeed from '../../published/deepspeed-estimates.json' with { type: 'json' }
import korthikanti from '../../published/korthikanti-figure-1.json' with { type: 'json' }
import zero from '../../published/zero-table-1.json' with { type: 'json' }

const full = process.env.TABCLUSTER_FULL === '1'

/** Bytes of parameters, gradients and optimizer state of the first rank, per parameter of the model. */
function stateBytes(stage: 0 | 1 | 2 | 3, data: number): number {
  const config = parseConfig(
    {
      precision: 'mixed-f16',
      model: { layers: 8, heads: 8, embed: 512, context: 64, vocab: 1024 },
      batch: { global: data, microbatches: 1, sequence: 64 },
      parallel: data === 1 ? {} : { data, zero: stage },
      cluster: { software: 'tabcluster' },
    },
    'simulate',
  )
  const roles: BufferRole[] = ['master', 'moment1', 'moment2']
  const [wholeState, wholeGradients] = [data === 1 || stage < 3, data === 1 || stage < 2]
  roles.push(wholeState ? 'parameter' : 'parameterShard', wholeGradients ? 'gradient' : 'gradientShard')
  const { buffers } = new ProgramFold(config).rank(0).rank
  const bytes = [...buffers.values()].reduce((sum, spec) => sum + (roles.includes(spec.role) ? spec.bytes : 0), 0)
  return bytes / parameterCount(config.model)
}

describe('ZeRO, Table 1: 54 cells, from what the Program of a small model keeps per parameter', () => {
  for (const stage of [1, 2, 3] as const)
    it(`stage ${stage}`, () => {
      const perParameter = zero.data.map((data) => stateBytes(stage, data))
      for (const [name, parameters] of Object.entries(zero.parameters))
        for (const [i, printed] of zero.gigabytes[name as '7.5B'][stage - 1]!.entries())
          // Shards of a small model differ by an element or two of thousands.
          expect((perParameter[i]! * parameters) / 1e9 / printed, `${name}, ${zero.data[i]}`).toBeCloseTo(1, 2)
    })
  it('Figure 1', () => {
    const { parameters, data, gigabytes } = zero.figure1
    const found = ([0, 1, 2, 3] as const).map((stage) =>
      Number(((stateBytes(stage, data) * parameters) / 1e9).toFixed(1)),
    )
    expect(found).toEqual(gigabytes)
  })
})

describe("DeepSpeed's estimators", () => {
  it(`all ${deepspeed.rows.length} cells to the byte`, () => {
    for (const { gpu, host, model, ...row } of deepspeed.rows)
      expect(deepspeedEstimate(row as DeepspeedSetup), `${model} ${JSON.stringify(row)}`).toEqual({ gpu, host })
  })
})

describe('Korthikanti et al., Figure 1, in GiB', () => {
  // The larger two are millions of ops.
  test.each(full ? korthikanti.rows : korthikanti.rows.slice(0, 2))('$model', (row) => {
    const activations = (present: boolean) => {
      const { peak } = publishedFigures({
        model: {
          ...gptShape(row.layers, row.heads, row.hidden, korthikanti.sequence, korthikanti.vocab),
          attention: 'materialized',
        },
        precision: 'mixed-f16',
        sequence: korthikanti.sequence,
        microBatch: row.microBatch,
        microbatches: row.batch / row.microBatch,
        parallel: {
          tensor: row.tensor,
          pipeline: row.pipeline,
          schedule: row.chunks > 1 ? 'interleaved-1f1b' : '1f1b',
          chunks: row.chunks,
          sequenceParallel: present,
          recompute: present ? 'selective' : 'none',
        },
        cluster: { ...nodesOfEight('a100-80gb', 'nvlink3', 'ib-hdr200'), software: 'megatron-2021' },
      })
      return peak.activations / 2 ** 30
    }
    // Per block the Program keeps what the paper's Table 2 says, to the byte (strategy/precision.test.ts); the figure leaves
    // out the embedding's output, what norms keep, and the activation gradients of the block at work.
    for (const [found, printed] of [
      [activations(false), row.tensorParallelGiB],
      [activations(true), row.presentWorkGiB],
    ] as const) {
      expect(found / printed).toBeGreaterThanOrEqual(1)
      expect(found / printed).toBeLessThan(1.06)
    }
    // Weights of the products alone, 18 bytes each: 2 of weights, 4 of gradients, 12 of the optimizer.
    const weights = (12 * row.layers * row.hidden ** 2) / row.tensor / row.pipeline
    expect((18 * weights) / 2 ** 30).toBe(row.stateGiB)
  })
})
