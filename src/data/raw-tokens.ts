import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import type { Refuse } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { CodeOfKind } from '../core/fault.ts'
import { tokensStart } from './llmc-header.ts'

/**
 * Raw uint16 little-endian tokens, after llm.c's header where the file has one. Sample b of step s starts at (s·global
 * + b)·(sequence + 1); every target counts. Refused under "data.tokens": an odd number of bytes, too few tokens, a
 * token outside model.vocab.
 */
export function readRawTokens(config: RunConfig, path: string, bytes: Uint8Array): Uint16Array {
  const refuse: Refuse<CodeOfKind<'phrase'>> = (code, ...values) => {
    throw refused('data.tokens', 'tokens-file', { path, what: sentence(code, ...values) })
  }
  if (bytes.length % 2 !== 0) refuse('tokens-odd-bytes', { bytes: bytes.length })
  const start = tokensStart(bytes, refuse)
  const { global, sequence } = config.batch
  const width = sequence + 1
  const count = (bytes.length - start) / 2
  // In file order each step reads further; shuffled or by epochs, one batch is enough to begin.
  const steps = config.data.order === 'sequential' ? (config.steps ?? 1) : 1
  const needed = steps * global * width
  if (count < needed) {
    const said = { count, samples: global, width, needed }
    if (steps === 1) refuse('tokens-too-few-for-step', said)
    refuse('tokens-too-few-for-steps', { ...said, steps })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tokens = new Uint16Array(count)
  const { vocab } = config.model
  for (let i = 0; i < count; i++) {
    const token = view.getUint16(start + 2 * i, true)
    if (token >= vocab) refuse('token-outside-vocab', { token, position: i, most: vocab - 1, vocab })
    tokens[i] = token
  }
  return tokens
}
