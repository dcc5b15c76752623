import type { RefusedCode } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { FaultSentence, FaultValue } from '../core/fault.ts'

/**
 * Identifies a file given in place of weights by its first bytes; null when not recognised. The first two are typical
 * of a failed download.
 */
export function identifyFile(beginning: Uint8Array): FaultSentence<RefusedCode> | null {
  const text = new TextDecoder('latin1').decode(beginning.slice(0, 512)).replace(/^\u00ef\u00bb\u00bf/, '')
  const pointer = /^version https:\/\/git-lfs\.[^\n]*\n(?:[^\n]*\n)*?size (\d+)/.exec(text)
  if (pointer) return sentence('file-is-lfs-pointer', { bytes: pointer[1]! })
  if (/^\s*<(?:!doctype|html|head|body|\?xml)/i.test(text)) return sentence('file-is-web-page')
  if (/^\s*\{\s*"(?:metadata|weight_map)"/.test(text)) return sentence('file-is-shard-index')
  if (/^\s*\{/.test(text)) return sentence('file-is-json')
  const format = FORMATS.find(([begin]) => text.startsWith(begin))
  return format ? sentence('file-is-other-format', { format: format[1] }) : null
}

const FORMATS: readonly (readonly [begin: string, format: FaultValue])[] = [
  ['PK\u0003\u0004', sentence('format-zip')],
  ['\u0080\u0002', sentence('format-old-pickle')],
  ['\u0080\u0004', sentence('format-pickle')],
  ['GGUF', 'GGUF'],
  ['\u0089HDF', 'HDF5'],
  ['\u001f\u008b', 'gzip'],
]
