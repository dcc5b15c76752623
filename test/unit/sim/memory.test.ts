import { describe, expect, it } from 'vitest'
import { SOFTWARE } from '../../../src/sim/cost/software.ts'
import { deepspeedEstimate } from '../../../src/sim/deepspeed-memory.ts'
import type { DeepspeedSetup } from '../../../src/sim/deepspeed-memory.ts'
import { memoryOf, shardedState, stateBytes } from '../../../src/sim/memory-model.ts'
import type { StepSetup } from '../../../src/sim/step-setup.ts'
import { gptShape, nodesOf } from '../../../src/sim/validate/setups.ts'
import deepspeed from '../../published/deepspeed-estimates.json' with { type: 'json' }
import korthikanti from '../../published/korthikanti-figure-1.json' with { type: 'json' }
import zero from '../../published/zero-table-1.json' with { type: 'json' }

const mixed = { ...stateBytes({ precision: 'mixed-f16', software: SOFTWARE['megatron-2021'] }), copies: 0 }

function gigabytes(parameters: number, stage: 0 | 1 | 2 | 3, data: number): number {
  const state = shardedState(parameters, mixed, { zero: stage, data })
  return (state.parameters + state.gradients + state.optimizer) / 1e9
}

describe('ZeRO, Table 1: 54 cells', () => {
  for (const [name, parameters] of Object.entries(zero.parameters))
    for (const [i, row] of zero.gigabytes[name as '7.5B'].entries())
      it(`${name}, stage ${i + 1}`, () => {
        const stage = (i + 1) as 1 | 2 | 3
        expect(zero.data.map((data) => gigabytes(parameters, stage, data))).toEqual(row)
      })
  it('Figure 1', () => {
    const { parameters, data, gigabytes: printed } = zero.figure1
    const found = ([0, 1, 2, 3] as const).map((stage) => Number(gigabytes(parameters, stage, data).toFixed(1)))
    expect(found).toEqual(printed)
  })
})

describe("DeepSpeed's estimators", () => {
  it(`all ${deepspeed.rows.length} cells to the byte`, () => {
    for (const { gpu, host, model, ...row } of deepspeed.rows)
      expect(deepspeedEstimate(row as DeepspeedSetup), `${model} ${JSON.stringify(row)}`).toEqual({ gpu, host })
  })
})

describe('Korthikanti et al., Figure 1, in GiB', () => {
  for (const row of korthikanti.rows)
    it(row.model, () => {
      const setup = (present: boolean): StepSetup => ({
        model: gptShape(row.layers, row.heads, row.hidden, korthikanti.sequence, korthikanti.vocab),
        precision: 'mixed-f16',
        sequence: korthikanti.sequence,
        microBatch: row.microBatch,
        microbatches: row.batch / row.microBatch,
        data: 1,
        tensor: row.tensor,
        pipeline: row.pipeline,
        schedule: row.chunks > 1 ? 'interleaved-1f1b' : '1f1b',
        chunks: row.chunks,
        zero: 0,
        sequenceParallel: present,
        recompute: present ? 'selective' : 'none',
        cluster: nodesOf('a100-80gb', 'nvlink3', 'ib-hdr200'),
        software: { ...SOFTWARE['megatron-2021'], attention: 'materialized' },
      })
      const activations = (present: boolean) => memoryOf(setup(present))[0]!.activations / 2 ** 30
      expect(activations(false)).toBe(row.tensorParallelGiB)
      expect(activations(true)).toBe(row.presentWorkGiB)
      // Weights of the products alone, 18 bytes each: 2 of weights, 4 of gradients, 12 of the optimizer.
      const weights = (12 * row.layers * row.hidden ** 2) / row.tensor / row.pipeline
      expect((18 * weights) / 2 ** 30).toBe(row.stateGiB)
    })
})
