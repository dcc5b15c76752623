import type { Refuse } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { CodeOfKind, FaultSentence } from '../core/fault.ts'
/**
 * The header of llm.c's .bin files: 256 int32, little-endian; a magic number, a version, the number of tokens. Its
 * magic is not a pair of GPT-2 tokens.
 */
const HEADER_BYTES = 256 * 4

const TOKENS = 20240520

/** Other files of llm.c, by magic number. */
const OTHER_FORMATS: ReadonlyMap<number, FaultSentence> = new Map<number, FaultSentence>([
  [20240326, sentence('llmc-weights')],
  [20240328, sentence('llmc-tokenizer')],
  [20240522, sentence('llmc-evaluation')],
  [20240801, sentence('llmc-wide-tokens')],
])

/** The magic number of an llm.c file; null for anything else. */
export function magicOf(bytes: Uint8Array): number | null {
  if (bytes.length < HEADER_BYTES) return null
  const magic = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  return magic === TOKENS || OTHER_FORMATS.has(magic) ? magic : null
}

/**
 * Offset of the tokens in a file of 16-bit tokens: after llm.c's header, or 0 where there is none.
 * @param refuse throws, given what is wrong with the header
 */
export function tokensStart(bytes: Uint8Array, refuse: Refuse<CodeOfKind<'phrase'>>): number {
  if (bytes.length < 12) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [magic, version, count] = [0, 4, 8].map((at) => view.getUint32(at, true))
  const other = OTHER_FORMATS.get(magic!)
  if (other !== undefined && bytes.length >= HEADER_BYTES)
    refuse('llmc-other-file', { format: other, magic: magic!, tokens: TOKENS })
  if (magic !== TOKENS) return 0
  if (version !== 1) refuse('llmc-header-version', { version: version! })
  const size = HEADER_BYTES + 2 * count!
  if (bytes.length !== size) refuse('llmc-header-size', { tokens: count!, bytes: size, given: bytes.length })
  return HEADER_BYTES
}
