import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { csv } from '../../../src/export/csv.ts'
import { configName, downloadName } from '../../../src/export/file-name.ts'
import { memoryCsv, ranksCsv, stepsCsv } from '../../../src/export/tables.ts'
import { simulate } from '../../../src/sim/simulate.ts'

/** RFC 4180 read back. */
function parseCsv(text: string): string[][] {
  expect(text.endsWith('\r\n')).toBe(true)
  const rows: string[][] = [[]]
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  for (let match = cell.exec(text); match; match = cell.exec(text)) {
    rows.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[2]!)
    if (match[3] !== ',') rows.push([])
  }
  expect(rows.pop()).toEqual([])
  return rows
}

describe('csv', () => {
  it('quotes what would break a row, and reads back', () => {
    const row = ['a,b', 'say "hi"', 'two\nlines', 'plain', '']
    const text = csv(['one', 'two', 'three', 'four', 'five'], [row])
    expect(text).toBe('one,two,three,four,five\r\n"a,b","say ""hi""","two\nlines",plain,\r\n')
    expect(parseCsv(text)[1]).toEqual(row)
  })
  it('leaves the place of what is absent empty', () => {
    expect(csv(['a', 'b', 'c'], [[1, undefined, null]])).toBe('a,b,c\r\n1,,\r\n')
  })
})

describe('tables', () => {
  it('has a row per step with every digit', () => {
    const step = { step: 3, loss: 0.1 + 0.2, gradNorm: 1e-9, learningRate: 0.001, tokens: 512, milliseconds: 40 }
    const [head, first, second] = parseCsv(stepsCsv([step, { ...step, step: 4, validationLoss: 2 }]))
    const record = Object.fromEntries(head!.map((name, i) => [name, first![i]]))
    expect(Number(record.loss)).toBe(0.1 + 0.2)
    expect(record).toMatchObject({ step: '3', validationLoss: '', gradNorm: '1e-9', tokensPerSecond: '12800' })
    expect(second![head!.indexOf('validationLoss')]).toBe('2')
  })
  it('has a row per rank; a simulated one has times and no measured bytes', () => {
    const { result } = simulate(parseConfig({ parallel: { data: 2, pipeline: 2 } }, 'simulate'))
    const [head, ...rows] = parseCsv(ranksCsv(result.ranks, result.time))
    expect(rows).toHaveLength(4)
    expect(head!.filter((name) => name.startsWith('peakBytes'))).toEqual([])
    for (const [i, row] of rows.entries()) {
      const record = Object.fromEntries(head!.map((name, at) => [name, Number(row[at])]))
      expect(record).toMatchObject({
        rank: i,
        sentBytes: result.ranks[i]!.sentBytes,
        idleSeconds: result.time.idleSeconds[i],
      })
      expect(record['predictedBytes.total']).toBe(result.ranks[i]!.predictedBytes.total)
    }
    const measured = result.ranks.map((rank) => ({ ...rank, peakBytes: rank.predictedBytes }))
    expect(parseCsv(ranksCsv(measured))[0]).toContain('peakBytes.total')
    expect(parseCsv(ranksCsv(measured))[0]).not.toContain('idleSeconds')
  })
})

it.each([
  [{}, 'one-device'],
  [{ data: 4 }, 'ddp-4'],
  [{ data: 4, zero: 2 }, 'zero2-4'],
  [{ data: 2, zero: 3, tensor: 2 }, 'fsdp-2-tp-2'],
  [{ data: 3, dataMode: 'parameter-server' }, 'parameter-server-3'],
  [{ pipeline: 4, schedule: 'zb-h1' }, 'zb-h1-4'],
])('names files after the configuration: %j', (parallel, name) => {
  const config = parseConfig({ parallel, batch: { global: 24, microbatches: 4 } }, 'simulate')
  expect(configName(config)).toBe(name)
  expect(downloadName(config, 'loss', 'svg')).toBe(`tabcluster-${name}-loss.svg`)
})

describe('memory over a step', () => {
  it('has a row per moment, and its peak is the predicted one', () => {
    const { result, memory } = simulate(
      parseConfig({ parallel: { pipeline: 2 }, batch: { global: 8, microbatches: 4 } }),
    )
    const [head, ...rows] = parseCsv(memoryCsv(memory()))
    const total = (row: string[]) => row.slice(2).reduce((sum, cell) => sum + Number(cell), 0)
    expect(head!.slice(0, 3)).toEqual(['rank', 'seconds', 'parameters'])
    for (const { rank, predictedBytes } of result.ranks)
      expect(Math.max(...rows.filter((row) => row[0] === String(rank)).map(total))).toBe(predictedBytes.total)
  })
})
