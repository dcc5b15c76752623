import { refuserOf } from '../core/errors.ts'
import type { Refuse } from '../core/errors.ts'
import { magicOf } from './llmc-header.ts'

/**
 * Decodes a text file: UTF-8, or UTF-16 where its byte-order mark says so; the mark itself is dropped. Anything else is
 * refused by file and byte: a lenient decoder's replacement characters would be trained on.
 */

/** Longer texts do not fit a string in every browser. */
const MAX_BYTES = 500_000_000

const hex = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`

/**
 * @param field the field a refusal names; @param path the file as the user knows it
 * Throws RefusedError with the file and the position of the first invalid byte.
 */
export function decodeText(bytes: Uint8Array, field: string, path: string): string {
  const refuse: Refuse = refuserOf(field)
  if (bytes.length > MAX_BYTES) refuse('text-too-large', { path, bytes: bytes.length, most: MAX_BYTES })
  const begins = (...mark: readonly number[]) => mark.every((byte, i) => bytes[i] === byte)
  // UTF-32's mark begins like UTF-16's.
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff)) refuse('text-is-utf-32', { path })
  if (begins(0xff, 0xfe)) return decodeUtf16(bytes, true, path, refuse)
  if (begins(0xfe, 0xff)) return decodeUtf16(bytes, false, path, refuse)
  return decodeUtf8(bytes, path, refuse)
}

function decodeUtf8(bytes: Uint8Array, path: string, refuse: Refuse): string {
  const magic = magicOf(bytes)
  if (magic !== null) refuse('text-is-llmc-file', { path, magic })
  const nul = bytes.indexOf(0)
  if (nul >= 0) refuse('text-holds-zero', { path, byte: nul })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const at = firstBadByte(bytes)
    return refuse('text-not-utf-8', { path, at, byte: hex(bytes[at]!) })
  }
}

/** Position of the first invalid UTF-8 sequence (Unicode 16, table 3-7). */
function firstBadByte(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length === 0) break
    at += length
  }
  return at
}

/** Length of the well-formed sequence at `at`; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return 1
  const length = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  // No overlong forms, no surrogates, nothing beyond U+10FFFF.
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] ?? 0
    if (byte < (i === 1 ? least : 0x80) || byte > (i === 1 ? most : 0xbf)) return 0
  }
  return length
}

function decodeUtf16(bytes: Uint8Array, littleEndian: boolean, path: string, refuse: Refuse): string {
  if (bytes.length % 2 !== 0) refuse('text-utf-16-odd', { path, bytes: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const unit = (at: number) => (at < bytes.length ? view.getUint16(at, littleEndian) : 0)
  const isLow = (value: number) => value >= 0xdc00 && value < 0xe000
  for (let at = 0; at < bytes.length; at += 2) {
    const value = unit(at)
    if (value >= 0xd800 && value < 0xdc00 && isLow(unit(at + 2))) at += 2
    else if (value === 0 || (value >= 0xd800 && value < 0xe000))
      refuse('text-utf-16-unit-bad', { path, at, unit: value === 0 ? '0x0000' : hex(value) })
  }
  return new TextDecoder(littleEndian ? 'utf-16le' : 'utf-16be').decode(bytes)
}
