import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import korthikanti from '../../published/korthikanti-table-5.json' with { type: 'json' }
import megatron from '../../published/megatron-table-1.json' with { type: 'json' }
import zeroBubble from '../../published/zero-bubble-table-4.json' with { type: 'json' }

/** The published rows as anybody would write them down, with the software they were measured with. */
const on = (software: string) => ({ software, device: 'a100-80gb', intraNode: 'nvlink3', interNode: 'ib-hdr200' })
/** Interleaved, the first and the last stage had no block: no configuration says that. */
const SCHEDULES = [
  ['1F1B', '1f1b'],
  ['ZB-1p', 'zb-h1'],
  ['ZB-2p', 'zb-h2'],
] as const
const seconds = (software: string, config: object) =>
  simulate(parseConfig({ precision: 'mixed-f16', cluster: on(software), ...config }, 'simulate')).result.time
    .stepSeconds

describe('published rows as configurations', () => {
  it.each(megatron.rows)('Megatron-LM, $billions B on $devices', (row) => {
    const { tensor, pipeline, devices, batch, layers } = row
    const data = devices / tensor / pipeline
    const chunks = row.blocksPerChunk === null ? 1 : layers / pipeline / row.blocksPerChunk
    const { result } = simulate(
      parseConfig(
        {
          precision: 'mixed-f16',
          cluster: on('megatron-2021'),
          model: { layers, heads: row.heads, embed: row.hidden, context: megatron.sequence, vocab: megatron.vocab },
          batch: { global: batch, microbatches: batch / data / row.microBatch, sequence: megatron.sequence },
          parallel: {
            data,
            tensor,
            pipeline,
            chunks,
            schedule: chunks > 1 ? 'interleaved-1f1b' : '1f1b',
            recompute: 'full',
          },
        },
        'simulate',
      ),
    )
    const { hfu } = result.time
    expect(Math.abs((hfu * 312) / row.teraflops - 1)).toBeLessThan(0.1)
  })
  it.each(korthikanti.rows)('Korthikanti et al., $model', (row) => {
    const { tensor, pipeline, chunks, batch } = row
    const time = (selective: boolean) =>
      seconds('megatron-2021', {
        model: {
          layers: row.layers,
          heads: row.heads,
          embed: row.hidden,
          context: korthikanti.sequence,
          vocab: korthikanti.vocab,
        },
        batch: { global: batch, microbatches: batch / row.microBatch, sequence: korthikanti.sequence },
        parallel: {
          tensor,
          pipeline,
          chunks,
          schedule: chunks > 1 ? 'interleaved-1f1b' : '1f1b',
          recompute: selective ? 'selective' : 'full',
          sequenceParallel: selective,
        },
      })
    expect(Math.abs(time(false) / row.fullSeconds - 1)).toBeLessThan(0.08)
    expect(Math.abs(time(true) / row.selectiveSeconds - 1)).toBeLessThan(0.08)
  })
  const columns = zeroBubble.models.flatMap((model) =>
    model.microbatches.map((microbatches, column) => ({ ...model, m: microbatches, column })),
  )
  it.each(columns)('Zero Bubble, $model, $m micro-batches', (model) => {
    const { m, column, layers, heads, hidden, microBatch } = model
    const p = zeroBubble.stages
    const measured: number[] = []
    const simulated = SCHEDULES.map(([name, schedule]) => {
      measured.push(model.samples[name][column]!)
      const perRank = (layers + 2) / p
      const partition = Array.from({ length: p }, (_, stage) => perRank - (stage === 0 || stage === p - 1 ? 1 : 0))
      const step = seconds('zero-bubble', {
        model: { layers, heads, embed: hidden, context: zeroBubble.sequence, vocab: 51200 },
        batch: { global: m * microBatch, microbatches: m, sequence: zeroBubble.sequence },
        parallel: { pipeline: p, schedule, partition },
      })
      return (m * microBatch) / step / p
    })
    simulated.forEach((samples, i) => expect(Math.abs(samples / measured[i]! - 1)).toBeLessThan(0.12))
  })
})
