import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { areaSvg, type AreaPicture } from '../../../src/export/area-svg.ts'
import { barsSvg } from '../../../src/export/bars-svg.ts'
import { chartSvg } from '../../../src/export/chart-svg.ts'
import type { Chart } from '../../../src/export/chart-svg.ts'
import { scatterSvg } from '../../../src/export/scatter-svg.ts'
import { escapeXml, roundTicks, tickText } from '../../../src/export/svg.ts'
import { timelineSvg } from '../../../src/export/timeline-svg.ts'
import type { TimelineKind } from '../../../src/export/timeline-svg.ts'
import { SPAN_KINDS } from '../../../src/schedule/span-kinds.ts'
import {
  ACCENT,
  DANGER,
  FAINT_INK,
  LINE_TRAIN,
  LINE_VALIDATION,
  MEMORY_FILL,
  OP_FILL,
} from '../../../src/ui/take-away/light-colours.ts'
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

describe('notes and letters of a chart', () => {
  const lines = [0, 1].map((i) => ({ name: 'AB'[i]!, x: [1, 2], y: [3 - i, 2 - i], color: '#000000', dashed: false }))
  it('a letter stands at the end of its line, notes lie below the axis and make the picture taller', () => {
    const svg = chartSvg(
      chart({ lines: lines.map((line) => ({ ...line, atEnd: line.name })), notes: ['A  one', 'B  two'] }),
    )
    expect(texts(svg).filter((text) => text === 'A' || text === 'B')).toHaveLength(4)
    const [root] = elementsOf(svg)
    expect(Number(root!.attributes.height)).toBeGreaterThan(450)
    const notes = elementsOf(svg).filter(({ text }) => text === 'A  one' || text === 'B  two')
    for (const { attributes } of notes) {
      expect(Number(attributes.y)).toBeGreaterThan(440)
      expect(Number(attributes.y)).toBeLessThan(Number(root!.attributes.height))
    }
  })
})

describe('areas', () => {
  const picture = (limit: number, more: Partial<AreaPicture> = {}): AreaPicture => ({
    title: 'Memory',
    subtitle: '',
    xLabel: 'time',
    moments: [0, 1, 3],
    end: 4,
    parts: [
      { name: 'low', fill: '#0072b2', hatch: 'plain', values: [2, 4, 2] },
      { name: 'high', fill: '#d55e00', hatch: 'rising', values: [0, 6, 0] },
    ],
    limit: { value: limit, name: 'the limit' },
    xText: String,
    yText: String,
    ...more,
  })
  const cornersOf = (svg: string, fill: string) => {
    const path = elementsOf(svg).find(({ name, attributes }) => name === 'path' && attributes.fill === fill)!
    return [...path.attributes.d!.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const)
  }
  it('stand on each other and hold their values until the next moment', () => {
    const svg = areaSvg(picture(100))
    const [low, high] = [cornersOf(svg, '#0072b2'), cornersOf(svg, '#d55e00')]
    // Six corners above, six below; the upper area begins where the lower one ends.
    expect([low.length, high.length]).toEqual([12, 12])
    expect(high.slice(6).reverse()).toEqual(low.slice(0, 6))
    expect([low[0]![0], low[5]![0]]).toEqual([76, 776])
    expect(low[1]![0]).toBe(low[2]![0])
    expect(low[2]![1]).toBeLessThan(low[1]![1])
    expect(svg).toContain('url(#rising)')
  })
  it('show their limit where it is near', () => {
    expect(texts(areaSvg(picture(12)))).toContain('the limit')
    expect(texts(areaSvg(picture(100)))).not.toContain('the limit')
  })
  it('stand without moments', () => {
    const svg = areaSvg(picture(0, { moments: [], parts: [], end: 0 }))
    expect(elementsOf(svg).length).toBeGreaterThan(5)
    expect(svg).not.toMatch(/NaN|Infinity/)
  })
})

describe('points', () => {
  const svg = scatterSvg({
    title: 'Layouts',
    subtitle: '',
    xLabel: 'bytes',
    yLabel: 'speed',
    groups: [
      { name: 'all', color: '#111111', sign: 'circle', joined: false, points: [{ name: 'a < b', x: 3, y: 1 }] },
      {
        name: 'front',
        color: '#222222',
        sign: 'diamond',
        joined: true,
        points: [
          { name: 'c', x: 1, y: 2 },
          { name: 'd', x: 2, y: 4 },
        ],
      },
    ],
    limit: { value: 5, name: 'the device holds 5' },
    xText: String,
    yText: String,
  })
  it('have a sign each, one in the legend, and say what they are', () => {
    const drawn = elementsOf(svg)
    expect(drawn.filter(({ name }) => name === 'circle')).toHaveLength(2)
    expect(drawn.filter(({ attributes }) => attributes.fill === '#222222')).toHaveLength(3)
    expect(drawn.filter(({ attributes }) => attributes.stroke === '#222222')).toHaveLength(1)
    expect(drawn.map(({ text }) => text)).toContain('a < b: 3, 1')
    expect(texts(svg)).toEqual(expect.arrayContaining(['all', 'front', 'the device holds 5', 'bytes', 'speed']))
  })
})

describe('bars', () => {
  it('lie under their names, part beside part on one scale, with the limit as a mark', () => {
    const svg = barsSvg({
      title: 'Memory',
      subtitle: '',
      xLabel: 'bytes',
      parts: [
        { name: 'one', fill: '#0072b2', hatch: 'plain' },
        { name: 'two', fill: '#d55e00', hatch: 'vertical' },
      ],
      rows: [
        { name: 'A  first', values: [1, 3], sum: '4 B', limit: 5 },
        { name: 'B  second', values: [2, 0], sum: '2 B', limit: null },
      ],
      xText: String,
    })
    const boxes = elementsOf(svg)
      .filter(({ name, attributes }) => name === 'rect' && attributes.fill === '#0072b2')
      .map(({ attributes }) => Number(attributes.width))
    // The legend's, then those of the rows.
    expect(boxes[2]).toBeCloseTo(2 * boxes[1]!, 1)
    expect(texts(svg)).toEqual(expect.arrayContaining(['A  first', 'B  second', '4 B', 'one', 'two']))
    expect(elementsOf(svg).filter(({ attributes }) => attributes['stroke-width'] === '2')).toHaveLength(1)
  })
  it('stand without rows', () =>
    expect(barsSvg({ title: '', subtitle: '', xLabel: '', parts: [], rows: [], xText: String })).not.toMatch(
      /NaN|Infinity/,
    ))
})

describe('timeline', () => {
  const look = (fill: string, more: Partial<TimelineKind> = {}): TimelineKind => ({
    name: fill,
    fill,
    text: '#ffffff',
    hatch: 'plain',
    letter: 'F',
    isBand: false,
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
      send: look('#cc79a7', { hatch: 'rising', isBand: true }),
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
  expect([ACCENT, DANGER, FAINT_INK]).toEqual([token('--accent'), token('--danger'), token('--ink-3')])
  const { cached, ...categories } = MEMORY_FILL
  expect(cached).toBe(token('--idle'))
  for (const [category, fill] of Object.entries(categories)) expect(fill, category).toBe(token(`--cat-${category}`))
  for (const kind of SPAN_KINDS) expect(OP_FILL[kind], kind).toBe(token(`--op-${kind}`))
})
