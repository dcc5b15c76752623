import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { compare } from '../../../src/cli/compare.ts'
import { planCommand } from '../../../src/cli/plan.ts'
import { program } from '../../../src/cli/program.ts'
import { simulateCommand } from '../../../src/cli/simulate.ts'
import { shortBytes, printTable, secondsText } from '../../../src/cli/table.ts'

const directory = mkdtempSync(join(tmpdir(), 'tabcluster-'))
afterAll(() => rmSync(directory, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

/** What a command prints; progress goes to standard error and is dropped. */
async function printed(command: () => Promise<void>): Promise<string> {
  let text = ''
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk: unknown, ...rest: unknown[]) => {
    text += String(chunk)
    const done = rest.find((each): each is () => void => typeof each === 'function')
    done?.()
    return true
  })
  await command()
  return text
}

describe('simulate', () => {
  it('prints one result, and writes a trace', async () => {
    const trace = join(directory, 'trace.json')
    const text = await printed(() => simulateCommand({ config: '{"parallel":{"pipeline":2}}', trace }))
    expect(JSON.parse(text)).toMatchObject({ simulated: 'program', schedule: { makespan: 9 } })
    expect(JSON.parse(readFileSync(trace, 'utf8'))).toHaveProperty('traceEvents')
  })
  it('keeps the order of an array, with errors in their places', async () => {
    const out = join(directory, 'out.json')
    const configs = [{ model: { heads: 3 } }, {}, { cluster: { memoryBytes: 1000 } }, { precision: 'mixed-bf16' }]
    await printed(() => simulateCommand({ config: JSON.stringify(configs), out }))
    const results: unknown = JSON.parse(readFileSync(out, 'utf8'))
    expect(results).toMatchObject([
      { error: 'model.heads: 3 does not divide model.embed: 64' },
      { simulated: 'program', software: 'tabcluster' },
      { error: expect.stringMatching(/^rank 0 needs .* mostly /) },
      { simulated: 'program', software: 'modern' },
    ])
  })
  it('refuses an array of which nothing could be simulated, behind its errors', async () => {
    const out = join(directory, 'none.json')
    const refused = simulateCommand({ config: '[{"steps":0},5]', out })
    await expect(refused).rejects.toThrow('config: none of its 2 configurations could be simulated')
    expect(JSON.parse(readFileSync(out, 'utf8'))).toHaveLength(2)
  })
})

it('a Program as JSON is an object', async () => {
  const text = await printed(() => program({ config: '{}', format: 'json', scheduleOnly: false }))
  expect(JSON.parse(text)).toMatchObject({ world: 1 })
})

describe('compare', () => {
  it('has a row per configuration and the reason of a refused one', async () => {
    const config = ['{"parallel":{"data":2}}', '[{"parallel":{"pipeline":4,"schedule":"gpipe"}}]', '{"steps":0}']
    const lines = (await printed(() => compare({ config }))).trimEnd().split('\n')
    expect(lines).toHaveLength(5)
    expect(lines[2]).toContain('pipeline 4, gpipe')
    expect(lines[3]).toContain('steps')
  })
  it('names the software of each row, and marks what is not simulated with the same', async () => {
    const config = ['{}', '{"precision":"mixed-bf16"}', '{"model":{"heads":2}}']
    const lines = (await printed(() => compare({ config }))).trimEnd().split('\n')
    expect(lines.slice(1, 4).map((line) => line.split(/ {2,}/).at(-1))).toEqual([
      'tabcluster',
      'modern *',
      'tabcluster',
    ])
    expect(lines[4]).toMatch(/^\* other software than tabcluster/)
    const same = await printed(() => compare({ config: ['{}', '{"seed":2}'] }))
    expect(same).not.toContain('*')
  })
  it('refuses when nothing is left', async () => {
    await expect(printed(() => compare({ config: ['{"steps":0}'] }))).rejects.toThrow('steps')
  })
})

describe('plan', () => {
  it('prints a ranking, a front, what was dropped and the configuration', async () => {
    const config = '{"parallel":{"data":3},"batch":{"global":12}}'
    const text = await printed(() => planCommand({ config, json: false }))
    for (const part of ['Fastest', 'Memory against speed', 'Dropped', 'Configuration: {']) expect(text).toContain(part)
  })
})

describe('tables', () => {
  it('align columns and shorten figures', () => {
    expect(printTable(['a', 'bb'], [['xxx', '1']])).toBe('a    bb\nxxx   1')
    expect([0, 999, 1000, 8.59e9].map(shortBytes)).toEqual(['0 B', '999 B', '1 kB', '8.59 GB'])
    expect([0.0123456, 61.23456].map(secondsText)).toEqual(['12.3 ms', '61.23 s'])
  })
})
