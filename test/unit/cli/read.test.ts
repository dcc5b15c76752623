import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { serializeSafetensors } from '../../../src/checkpoint/safetensors.ts'
import { readBytes, readJson, readText, withWeightsFile } from '../../../src/cli/read.ts'

const directory = mkdtempSync(join(tmpdir(), 'tabcluster-'))
afterAll(() => rmSync(directory, { recursive: true }))

const at = (name: string) => join(directory, name)
function put(name: string, data: string | Uint8Array): string {
  writeFileSync(at(name), data)
  return at(name)
}

describe('a configuration that is none is refused in one line', () => {
  const nested = (open: string, close: string) => `${open.repeat(100_000)}1${close.repeat(100_000)}`
  test.each<[string, () => string, RegExp]>([
    ['a directory', () => directory, /^config: ".*" is a directory; it takes a file$/],
    ['nothing', () => at('nowhere.json'), /^config: ".*nowhere\.json" cannot be read \(ENOENT\)$/],
    [
      'binary',
      () => put('binary.json', Uint8Array.of(1, 2, 0, 3)),
      /^config: ".*binary\.json" is not text: byte 2 is 0x00/,
    ],
    ['not JSON', () => put('no.json', '{\n"a":\n'), /^config: ".*no\.json" cannot be read as JSON \([^\n]*\)$/],
    ['lists without end', () => put('deep.json', nested('[', ']')), /\(nested deeper than 100 levels\)$/],
    [
      'objects without end, in place of a file',
      () => nested('{"a":', '}'),
      /^config: the JSON .* deeper than 100 levels\)$/,
    ],
  ])('%s', async (_, argument, message) => {
    await expect(readJson(argument(), 'config')).rejects.toThrow(message)
  })

  test('a file of a gigabyte, and one without an end, are not read whole', async () => {
    truncateSync(put('large.json', '{}'), 2 ** 30)
    await expect(readJson(at('large.json'), 'config')).rejects.toThrow('has 1073741824 bytes; at most 67108864')
    await expect(readBytes('/dev/zero', 'config', 1000)).rejects.toThrow('config: "/dev/zero" has more than 1000 bytes')
  })
})

test('what is JSON is read: a file, one in UTF-16, one that comes through a pipe, brackets within texts', async () => {
  const text = '{"seed": 7}'
  const utf16 = Uint8Array.from([0xff, 0xfe, ...Array.from(text).flatMap((each) => [each.charCodeAt(0), 0])])
  for (const path of [put('a.json', text), put('b.json', utf16), text])
    expect(await readJson(path, 'config')).toEqual({ seed: 7 })
  execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', at('pipe')])
  const piped = readJson(at('pipe'), 'config')
  execFileSync('sh', ['-c', 'printf %s "$1" > "$2"', 'sh', text, at('pipe')], { timeout: 10_000 })
  expect(await piped).toEqual({ seed: 7 })
  const brackets = JSON.stringify({ a: `"\\${'['.repeat(1000)}` })
  expect(JSON.stringify(await readJson(brackets, 'config'))).toBe(brackets)
})

test('a text file that is none is refused by the field and the byte', async () => {
  await expect(readText(put('latin1.txt', Uint8Array.of(0x61, 0xfc)), 'data.text')).rejects.toThrow(
    /^data\.text: ".*latin1\.txt" is not UTF-8: byte 1 is 0xfc/,
  )
})

describe('weights', () => {
  const tensor = (name: string) => ({ name, shape: [2], data: Float32Array.of(1, 2) })
  const names = (path: string) =>
    withWeightsFile(path, 'weights', async ({ header }) => header.entries.map(({ name }) => name))

  test('in one file, or in those beside an index', async () => {
    mkdirSync(at('model'))
    expect(await names(put('model/one.safetensors', serializeSafetensors([tensor('a')])))).toEqual(['a'])
    put('model/two.safetensors', serializeSafetensors([tensor('b')]))
    const map = { weight_map: { a: 'one.safetensors', b: 'two.safetensors' } }
    expect(await names(put('model/model.safetensors.index.json', JSON.stringify(map)))).toEqual(['a', 'b'])
    const lost = { weight_map: { ...map.weight_map, c: 'three.safetensors' } }
    await expect(names(put('model/lost.json', JSON.stringify(lost)))).rejects.toThrow(
      /^weights: ".*three\.safetensors" cannot be read \(ENOENT\)$/,
    )
  })

  test('what is no weights is named under the option', async () => {
    await expect(names(directory)).rejects.toThrow(/^weights: ".*" is a directory; it takes a file$/)
    await expect(names(put('page.safetensors', '<!doctype html><p>404'))).rejects.toThrow(
      'weights: the file is a web page, not weights; the download went wrong',
    )
    await expect(names(put('index.json', '{"a": 1}'))).rejects.toThrow(/^weights: the index has no weight_map/)
  })
})
