import { describe, expect, test } from 'vitest'
import { decodeText } from '../../../src/data/decode-text.ts'

const utf8 = (text: string) => [...new TextEncoder().encode(text)]

function utf16(text: string, littleEndian: boolean): number[] {
  const view = new DataView(new ArrayBuffer(2 * text.length))
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian)
  return [...new Uint8Array(view.buffer)]
}

const decode = (bytes: readonly number[]) => decodeText(Uint8Array.from(bytes), 'data.text', 'a.txt')

const TEXT = 'Größe 大小 🦊 \uFEFF\n'

test.each<[string, readonly number[]]>([
  ['UTF-8', utf8(TEXT)],
  ['UTF-8 with its mark', [0xef, 0xbb, 0xbf, ...utf8(TEXT)]],
  ['UTF-16, little-endian', [0xff, 0xfe, ...utf16(TEXT, true)]],
  ['UTF-16, big-endian', [0xfe, 0xff, ...utf16(TEXT, false)]],
])('%s is read whole, without its mark', (_, bytes) => {
  expect(decode(bytes)).toBe(TEXT)
  // At an odd place in memory, too.
  expect(decodeText(Uint8Array.from([0, ...bytes]).subarray(1), 'data.text', 'a.txt')).toBe(TEXT)
})

describe('what is no text is refused by file and byte', () => {
  test.each<[string, readonly number[], string]>([
    ['Latin-1', [0x47, 0x72, 0xfc, 0xdf, 0x65], 'is not UTF-8: byte 2 is 0xfc'],
    ['a sequence cut short at the end', [...utf8('abc'), 0xe5, 0xa4], 'is not UTF-8: byte 3 is 0xe5'],
    ['an overlong form', [0x61, 0xe0, 0x80, 0xaf], 'is not UTF-8: byte 1 is 0xe0'],
    ['a surrogate in UTF-8', [0x61, 0xed, 0xa0, 0x80], 'is not UTF-8: byte 1 is 0xed'],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80], 'is not UTF-8: byte 0 is 0xf4'],
    ['a continuation without a lead', [...utf8('ä'), 0x80], 'is not UTF-8: byte 2 is 0x80'],
    ['binary', [1, 2, 0, 3], 'is not text: byte 2 is 0x00'],
    [
      'llm.c’s tokens',
      [0x88, 0xd8, 0x34, 0x01, ...Array<number>(1020).fill(0)],
      'is not text but a file of llm.c (magic 20240520); on the command line data.tokens reads its 16-bit tokens',
    ],
    ['UTF-16 without its mark', utf16('abc', true), 'is not text: byte 1 is 0x00'],
    ['UTF-16 of odd length', [0xff, 0xfe, 0x61], 'has 3 bytes; UTF-16 takes an even number'],
    [
      'half of a character',
      [0xff, 0xfe, ...utf16('a\ud83eb', true)],
      'is not text: the UTF-16 unit at byte 4 is 0xd83e',
    ],
    [
      'half of a character at the end',
      [0xfe, 0xff, ...utf16('a\ud83e', false)],
      'is not text: the UTF-16 unit at byte 4 is 0xd83e',
    ],
    [
      'the other half alone',
      [0xfe, 0xff, ...utf16('\udd8a', false)],
      'is not text: the UTF-16 unit at byte 2 is 0xdd8a',
    ],
    ['NUL in UTF-16', [0xff, 0xfe, ...utf16('a\0', true)], 'is not text: the UTF-16 unit at byte 4 is 0x0000'],
    ['UTF-32', [0xff, 0xfe, 0, 0, 0x61, 0, 0, 0], 'is UTF-32'],
  ])('%s', (_, bytes, why) => {
    expect(() => decode(bytes)).toThrow(`data.text: "a.txt" ${why}`)
  })

  test('the byte is the one a strict decoder stops at, wherever it is', () => {
    const sound = utf8('a é 大 🦊')
    for (let at = 0; at < sound.length; at++)
      for (const byte of [0x80, 0xbf, 0xc0, 0xc3, 0xe0, 0xff]) {
        const bytes = sound.with(at, byte)
        const accepted = (end: number) => {
          try {
            new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes.slice(0, end)))
            return true
          } catch {
            return false
          }
        }
        // The longest beginning that is UTF-8.
        const whole = bytes
          .map((_, end) => end)
          .filter(accepted)
          .at(-1)
        if (accepted(bytes.length)) continue
        expect(() => decode(bytes), String(bytes)).toThrow(`byte ${whole} is`)
      }
  })
})
