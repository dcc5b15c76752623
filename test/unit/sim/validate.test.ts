import { describe, expect, it } from 'vitest'
import { num, parseCsv } from '../../../src/sim/validate/csv.ts'
import { areaUnderCurve, passes, median, percentErrors } from '../../../src/sim/validate/section.ts'
import { vtrainSingle } from '../../../src/sim/validate/vtrain.ts'
import { reportOf } from '../../../src/sim/validate/report.ts'
import { plotOf } from '../../../src/sim/validate/plot.ts'

describe('statistics', () => {
  it('takes the middle, or the mean of the two middle values', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
  })
  it('counts half for ties in the area under the curve', () => {
    expect(areaUnderCurve([3, 4], [1, 2])).toBe(1)
    expect(areaUnderCurve([1, 2], [3, 4])).toBe(0)
    expect(areaUnderCurve([1], [1])).toBe(0.5)
    expect(areaUnderCurve([2, 3], [1, 2])).toBe(0.875)
  })
  it('gives errors relative to the measured value', () => {
    expect(percentErrors([{ label: '', measured: 4, simulated: 3, seen: false }])).toEqual([25])
  })
  it('keeps a limit from the side it is meant', () => {
    const check = { name: '', value: 0.91, limit: 0.9, unit: '' } as const
    expect(passes(check)).toBe(false)
    expect(passes({ ...check, atLeast: true })).toBe(true)
  })
})

describe('CSV', () => {
  it('reads quoted commas and carriage returns', () => {
    expect(parseCsv('a,b\r\n"x, y",2\r\n')).toEqual([{ a: 'x, y', b: '2' }])
  })
  it('names a column that is no number', () => {
    expect(() => num({ a: '' }, 'a')).toThrow('column "a"')
    expect(() => num({}, 'b')).toThrow('column "b": absent')
  })
})

const HEAD =
  '# GPUs,global batch,micro batch,hidden size,attention heads,# layers,sequence length,tensor parallelism,' +
  'data parallelism,pipeline parallelism,iteration time (ms)'

describe('report', () => {
  const section = vtrainSingle(`${HEAD}\n8,32,4,1024,16,24,1024,2,2,2,219.7\n4,32,2,2048,16,16,1024,1,4,1,406.4\n`)
  it('says what was seen, the limit and the worst rows', () => {
    expect(section.points.map(({ seen }) => seen)).toEqual([true, false])
    const text = reportOf([section], () => 'plot.svg')
    expect(text).toContain('≤ 7.5 %')
    expect(text).toContain('| unseen | 1 |')
    expect(text).toContain('tensor 1, data 4, pipeline 1, micro-batch 2 of 32')
  })
  it('draws one mark per row', () => {
    expect(plotOf(section).match(/<circle/g)).toHaveLength(2)
  })
})
