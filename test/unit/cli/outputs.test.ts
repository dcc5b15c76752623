import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { faultOf } from '../../../src/core/errors.ts'
import { exitStatusOf } from '../../../src/core/fault.ts'
import { generate } from '../../../src/cli/generate.ts'
import { openOutputs } from '../../../src/cli/outputs.ts'
import { simulateCommand } from '../../../src/cli/simulate.ts'
import { train } from '../../../src/cli/train.ts'

const directory = mkdtempSync(join(tmpdir(), 'tabcluster-'))
afterAll(() => rmSync(directory, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const at = (name: string) => join(directory, name)
const parts = () => readdirSync(directory).filter((name) => name.endsWith('.part'))

test.each(['', '-'])('"%s" is no file', async (path) => {
  await expect(openOutputs({ save: path })).rejects.toThrow(`save: "${path}" is no file; it takes a path`)
})

describe('a path that cannot be written is refused before the work, by its option', () => {
  const config = '{"data":{"text":"/nowhere/at/all.txt"}}'
  test.each(['out', 'save', 'gradients', 'checkpoint'])('train --%s', async (option) => {
    const run = train({ config, [option]: at('no/such/folder/x') })
    await expect(run).rejects.toThrow(`${option}: "${at('no/such/folder/x')}" cannot be written (ENOENT)`)
  })

  test.each(['out', 'trace', 'memory'])('simulate --%s', async (option) => {
    const run = simulateCommand({ config: '{}', [option]: directory })
    await expect(run).rejects.toThrow(`${option}: "${directory}" cannot be written (EISDIR)`)
  })

  test('two options cannot write one file, nor a file called "-"', async () => {
    await expect(train({ config, save: at('a'), checkpoint: at('b/../a') })).rejects.toThrow(
      `checkpoint: "${at('b/../a')}" is also what --save writes`,
    )
    await expect(train({ config, save: '-' })).rejects.toThrow('save: "-" is no file; it takes a path')
    expect(await openOutputs({ out: '-' })).toEqual({})
  })

  test('trying leaves nothing behind, and harms nothing', async () => {
    writeFileSync(at('kept'), 'before')
    await openOutputs({ out: at('kept'), save: at('new') })
    expect(readFileSync(at('kept'), 'utf8')).toBe('before')
    expect(readdirSync(directory)).toEqual(['kept'])
  })
})

describe('writing', () => {
  test('puts the whole file in its place, through a link, too', async () => {
    mkdirSync(at('real'))
    writeFileSync(at('real/file'), 'before')
    symlinkSync('real/file', at('link'))
    const { out } = await openOutputs({ out: at('link') })
    await out!.write('after')
    expect(readFileSync(at('real/file'), 'utf8')).toBe('after')
    expect(readdirSync(at('real'))).toEqual(['file'])
  })

  test('writes into what is no file as it is; a full one is no refused input', async () => {
    const { out, save } = await openOutputs({ out: '/dev/null', save: '/dev/full' })
    await out!.write('x')
    const error = await save!.write('x').catch((reason: unknown) => reason)
    expect(String(error)).toBe('FaultError: save: "/dev/full" cannot be written (ENOSPC)')
    expect(exitStatusOf(faultOf(error))).toBe(1)
  })

  test('a folder that goes away meanwhile is one line, and leaves no part', async () => {
    mkdirSync(at('gone'))
    const { save } = await openOutputs({ save: at('gone/x') })
    rmSync(at('gone'), { recursive: true })
    await expect(save!.write('x')).rejects.toThrow(`save: "${at('gone/x')}" cannot be written (ENOENT)`)
    expect(parts()).toEqual([])
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s in the middle clears the part away and ends with %i', async (signal, status) => {
    const { save } = await openOutputs({ save: at('x') })
    const ended = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
    const before = process.listenerCount(signal)
    const written = save!.write('x'.repeat(1e7))
    expect(process.listenerCount(signal)).toBe(before + 1)
    process.emit(signal, signal)
    expect(ended).toHaveBeenCalledWith(status)
    expect(parts()).toEqual([])
    await expect(written).rejects.toThrow('cannot be written')
    expect(parts()).toEqual([])
    expect(existsSync(at('x'))).toBe(false)
    expect(process.listenerCount(signal)).toBe(before)
  })
})

describe('options that contradict each other', () => {
  test.each([
    [{ init: 'a', resume: 'b' }, 'init: given together with --resume'],
    [{ allowMissingBias: true }, 'allow-missing-bias: is about the file of --init; none is given'],
  ])('%o', async (options, message) => {
    await expect(train({ config: '{}', ...options })).rejects.toThrow(message)
  })

  test('a checkpoint of an asynchronous server is refused before it trains', async () => {
    const server = { data: 2, dataMode: 'parameter-server', server: { async: true, maxStaleness: 2 } }
    const config = JSON.stringify({ parallel: server, data: { text: '/nowhere/at/all.txt' } })
    await expect(train({ config, checkpoint: at('c') })).rejects.toThrow(/^checkpoint: an asynchronous server/)
  })

  test('a trace is of one configuration', async () => {
    await expect(simulateCommand({ config: '[{}]', trace: at('t') })).rejects.toThrow(/^trace: is of one configuration/)
  })
})

describe('directories and missing files are named under their options', () => {
  const sample = { prompt: 'a', tokens: '1', temperature: '0', topK: '0', seed: '0' }
  test.each<[string, () => Promise<void>]>([
    ['config', () => train({ config: directory })],
    ['init', () => train({ config: '{}', init: directory })],
    ['resume', () => train({ config: '{}', resume: directory })],
    ['weights', () => generate({ ...sample, weights: directory })],
  ])('%s', async (option, command) => {
    await expect(command()).rejects.toThrow(`${option}: "${directory}" is a directory; it takes a file`)
  })

  test('a file that is no checkpoint is refused under resume', async () => {
    writeFileSync(at('lfs'), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n')
    await expect(train({ config: '{}', resume: at('lfs') })).rejects.toThrow(/^resume: the file is a git-lfs pointer/)
  })
})

test('a file without the right to write is refused', async () => {
  if (process.getuid?.() === 0) return
  writeFileSync(at('read-only'), '')
  chmodSync(at('read-only'), 0o444)
  await expect(openOutputs({ out: at('read-only') })).rejects.toThrow('cannot be written (EACCES)')
})
