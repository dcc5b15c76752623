import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chartSvg } from '../../../src/export/chart-svg.ts'
import type { Chart } from '../../../src/export/chart-svg.ts'
import { escapeXml, roundTicks, tickText } from '../../../src/export/svg.ts'
import { timelineSvg } from '../../../src/export/timeline-svg.ts'
import type { TimelineKind } from '../../../src/export/timeline-svg.ts'
import { SPAN_KINDS } from '../../../src/state/span-kind.ts'
import { LINE_TRAIN, LINE_VALIDATION, OP_FILL } from '../../../src/ui/take-away/light-colours.ts'
import { elementsOf } from './xml.ts'

const chart = (more: Partial<Chart> = {}): Chart => ({
  title: 'Loss',
  subtitle: 'ddp-4',
  xLabel: 'step',
  yLabel: 'loss',
  fromZero: false,
  lines: [
    { name: 'train', x: [0, 1, 2, 3], y: [4, 3, 2, 1], color: '#0072b2', dashed: false },
    { name: 'validation', x: [1, 3], y: [3.5, 1.5], color: '#a8501a', dashed: true },
  ],
  ...more,
})

const texts = (svg: string) => elementsOf(svg).flatMap(({ name, text }) => (name === 'text' ? [text] : []))

describe('text in XML', () => {
  it('is escaped, and freed of what XML has no place for', () => {
    expect(escapeXml(`<a & "b" 'c'>`)).toBe('&lt;a &amp; &quot;b&quot; &apos;c&apos;&gt;')
    expect(escapeXml('a\u0000b\u001bc\ud800d\ufffe\tä😀')).toBe('abcd\tä😀')
  })
})

describe('ticks', () => {
  it.each<[number, number, number[]]>([
    [0, 10, [0, 2, 4, 6, 8, 10]],
    [0.05, 0.31, [0.05, 0.1, 0.15, 0.2, 0.25, 0.3]],
    [-3, 3, [-3, -2, -1, 0, 1, 2, 3]],
    [7, 7, [7]],
  ])('from %d to %d are round', (low, high, ticks) => expect(roundTicks(low, high, 6)).toEqual(ticks))
  it('are written without noise', () => {
    expect([0, 0.3, 1500, 2e-7, 3e12].map(tickText)).toEqual(['0', '0.3', '1,500', '2e-7', '3e12'])
  })
})

describe('chart', () => {
  it('is well-formed, with title, axes, ticks and legend as text', () => {
    const svg = chartSvg(chart())
    const shown = texts(svg)
    for (const text of ['Loss', 'ddp-4', 'step', 'loss', 'train', 'validation', '0', '3', '2'])
      expect(shown).toContain(text)
    expect(elementsOf(svg)[0]!.attributes).toMatchObject({
      xmlns: 'http://www.w3.org/2000/svg',
      width: '800',
      height: '450',
    })
  })
  it('draws the first line whole and the second dashed with marks, inside the plot', () => {
    const svg = chartSvg(chart())
    const lines = elementsOf(svg).filter(({ attributes }) => attributes['stroke-linejoin'])
    expect(lines.map(({ attributes }) => attributes['stroke-dasharray'])).toEqual([undefined, '6 4'])
    const points = [...lines[0]!.attributes.d!.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(
      ([, x, y]) => [Number(x), Number(y)] as const,
    )
    expect(points).toHaveLength(4)
    for (const [i, [x, y]] of points.entries()) {
      expect(x).toBeGreaterThanOrEqual(76)
      expect(x).toBeLessThanOrEqual(776)
      if (i > 0) expect([x > points[i - 1]![0], y > points[i - 1]![1]]).toEqual([true, true])
    }
    expect(elementsOf(svg).filter(({ name }) => name === 'circle')).toHaveLength(2)
  })
  it('escapes names, and breaks where a value is no number', () => {
    const line = { name: '<b>"&', x: [0, 1, 2, 3], y: [1, NaN, 3, Infinity], color: '#000000', dashed: true }
    const svg = chartSvg(chart({ title: 'a < b', lines: [line] }))
    expect(texts(svg)).toEqual(expect.arrayContaining(['a < b', '<b>"&']))
    const path = elementsOf(svg).find(({ attributes }) => attributes['stroke-linejoin'])!.attributes.d!
    expect(path.match(/M/g)).toHaveLength(2)
    expect(path).not.toMatch(/NaN|Infinity/)
  })
  it.each([
    ['no value', [], []],
    ['one value', [5], [2]],
    ['a level line', [0, 1], [2, 2]],
  ])('stands with %s', (_, x, y) => {
    const svg = chartSvg(chart({ lines: [{ name: 'train', x, y, color: '#000000', dashed: false }] }))
    expect(elementsOf(svg).length).toBeGreaterThan(5)
    expect(svg).not.toMatch(/NaN|Infinity/)
  })
})

describe('timeline', () => {
  const look = (fill: string, more: Partial<TimelineKind> = {}): TimelineKind => ({
    name: fill,
    fill,
    text: '#ffffff',
    hatch: 'plain',
    letter: 'F',
    beside: false,
    ...more,
  })
  const picture = {
    title: 'Timeline',
    subtitle: '',
    xLabel: 'ticks',
    rows: 2,
    rowName: (row: number) => `rank ${row}`,
    idleName: 'idle',
    timeName: String,
    kinds: {
      forward: look('#56b4e9'),
      send: look('#cc79a7', { hatch: 'rising', beside: true }),
      unused: look('#123456'),
    },
    cells: [
      { row: 0, start: 10, end: 12, kind: 'forward', label: 'F<0>' },
      { row: 1, start: 12, end: 14, kind: 'forward', label: 'F1' },
      { row: 0, start: 12, end: 13, kind: 'send', label: 'send & wait' },
    ],
  }
  it('is well-formed: a box per cell in its row, times from its first cell on', () => {
    const svg = timelineSvg(picture)
    const boxes = elementsOf(svg).filter(({ name, attributes }) => name === 'rect' && attributes.fill === '#56b4e9')
    const wide = boxes.filter(({ attributes }) => Number(attributes.width) > 100).map(({ attributes }) => attributes)
    expect(wide).toHaveLength(2)
    expect(Number(wide[1]!.y)).toBeGreaterThan(Number(wide[0]!.y))
    expect(Number(wide[1]!.x)).toBeGreaterThan(Number(wide[0]!.x) + Number(wide[0]!.width))
    expect(texts(svg)).toEqual(expect.arrayContaining(['rank 0', 'rank 1', 'F<0>', 'idle', '0', '4']))
    expect(elementsOf(svg).map(({ text }) => text)).toContain('send & wait · #cc79a7 · 2 – 3')
  })
  it('explains only kinds that occur, and has the patterns they need', () => {
    const svg = timelineSvg(picture)
    expect(svg).not.toContain('#123456')
    expect(
      elementsOf(svg)
        .filter(({ name }) => name === 'pattern')
        .map(({ attributes }) => attributes.id),
    ).toEqual(['rising'])
  })
  it('stands without cells', () => expect(timelineSvg({ ...picture, cells: [] })).not.toMatch(/NaN|Infinity/))
})

it('colours of files are those of the light theme', () => {
  const tokens = readFileSync(join(import.meta.dirname, '../../../src/ui/theme/tokens.css'), 'utf8')
  const light = tokens.slice(0, tokens.indexOf("[data-theme='dark']"))
  const token = (name: string) => new RegExp(`${name}: (#\\w+);`).exec(light)?.[1]
  expect([LINE_TRAIN, LINE_VALIDATION]).toEqual([token('--line-train'), token('--line-validation')])
  for (const kind of SPAN_KINDS) expect(OP_FILL[kind], kind).toBe(token(`--op-${kind}`))
})
