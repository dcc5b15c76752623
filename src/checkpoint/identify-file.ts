import type { LocalizableMessage } from '../core/message.ts'
import { msg } from '../core/message.ts'

/**
 * Identifies a file given in place of weights by its first bytes; null when not recognised. The first two are typical
 * of a failed download.
 */
export function identifyFile(beginning: Uint8Array): LocalizableMessage | null {
  const text = new TextDecoder('latin1').decode(beginning.slice(0, 512)).replace(/^\u00ef\u00bb\u00bf/, '')
  const pointer = /^version https:\/\/git-lfs\.[^\n]*\n(?:[^\n]*\n)*?size (\d+)/.exec(text)
  if (pointer) return msg`the file is a git-lfs pointer to one of ${pointer[1]!} bytes; fetch that with "git lfs pull"`
  if (/^\s*<(?:!doctype|html|head|body|\?xml)/i.test(text))
    return msg`the file is a web page, not weights; the download went wrong`
  if (/^\s*\{\s*"(?:metadata|weight_map)"/.test(text))
    return msg`the file is the index of several files, not weights; on the command line give it as a .json file`
  if (/^\s*\{/.test(text)) return msg`the file is JSON, not safetensors`
  const format = FORMATS.find(([begin]) => text.startsWith(begin))
  return format ? msg`the file is ${format[1]}, not safetensors` : null
}

const FORMATS: readonly (readonly [begin: string, name: string])[] = [
  ['PK\u0003\u0004', "zip (PyTorch's format)"],
  ['\u0080\u0002', "a pickle (PyTorch's old format)"],
  ['\u0080\u0004', 'a pickle'],
  ['GGUF', 'GGUF'],
  ['\u0089HDF', 'HDF5'],
  ['\u001f\u008b', 'gzip'],
]
