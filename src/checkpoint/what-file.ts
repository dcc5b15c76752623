/**
 * What a file is that was given in place of weights, told by how it begins; null when nothing is recognised. A download that
 * went wrong leaves one of the first three.
 */
export function whatFile(beginning: Uint8Array): string | null {
  const text = new TextDecoder('latin1').decode(beginning.slice(0, 512))
  const pointer = /^version https:\/\/git-lfs\.[^\n]*\n(?:[^\n]*\n)*?size (\d+)/.exec(text)
  if (pointer) return `a git-lfs pointer to a file of ${pointer[1]} bytes, not the file: fetch it with "git lfs pull"`
  if (/^\s*<(?:!doctype|html|head|body|\?xml)/i.test(text)) return 'a web page, not weights: the download went wrong'
  if (/^\s*\{/.test(text)) return 'JSON, not safetensors'
  if (text.startsWith('PK\u0003\u0004')) return "a zip file (PyTorch's own format?); safetensors are read"
  if (/^\u0080[\u0002-\u0005]/.test(text)) return "a pickle (PyTorch's old format?); safetensors are read"
  if (text.startsWith('GGUF')) return 'a GGUF file; safetensors are read'
  if (text.startsWith('\u0089HDF')) return 'an HDF5 file; safetensors are read'
  if (text.startsWith('\u001f\u008b')) return 'packed with gzip; unpack it first'
  return null
}
