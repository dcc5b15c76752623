/**
 * The header of llm.c's .bin files: 256 int32, little-endian; a magic number, a version, how many tokens follow. Its magic is
 * no pair of tokens that GPT-2 has.
 */
const HEADER_BYTES = 256 * 4

const TOKENS = 20240520

/** What llm.c writes under other magic numbers. */
const OTHERS: ReadonlyMap<number, string> = new Map([
  [20240326, 'weights'],
  [20240328, 'a tokenizer'],
  [20240522, 'an evaluation'],
  [20240801, 'tokens of 32 bits'],
])

/** The magic number of a file of llm.c's; null for anything else. */
export function magicOf(bytes: Uint8Array): number | null {
  if (bytes.length < HEADER_BYTES) return null
  const magic = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  return magic === TOKENS || OTHERS.has(magic) ? magic : null
}

/**
 * Where tokens begin in a file of 16-bit tokens: behind llm.c's header, or at 0 where there is none.
 * @param refuse gets what is wrong with the header and throws
 */
export function tokensStart(bytes: Uint8Array, refuse: (why: string) => never): number {
  if (bytes.length < 12) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [magic, version, count] = [0, 4, 8].map((at) => view.getUint32(at, true))
  const other = OTHERS.get(magic!)
  if (other !== undefined && bytes.length >= HEADER_BYTES)
    refuse(`is llm.c's file of ${other} (magic ${magic}); its files of 16-bit tokens (magic ${TOKENS}) are read`)
  if (magic !== TOKENS) return 0
  if (version !== 1) refuse(`has llm.c's header of version ${version}; version 1, with tokens of 16 bits, is read`)
  const size = HEADER_BYTES + 2 * count!
  if (bytes.length !== size)
    refuse(`has llm.c's header for ${count} tokens, which makes ${size} bytes; the file has ${bytes.length}`)
  return HEADER_BYTES
}
