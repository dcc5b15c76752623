import { DEFAULTS } from '../config/parse.ts'
import type { RunConfig } from '../config/types.ts'
import { Rng } from '../core/random.ts'
import type { Tokenizer } from '../data/tokenizers/tokenizer.ts'
import { FaultError, refused } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { RankProgram } from '../schedule/program.ts'
import type { GenerateRequest } from './run-events.ts'

/**
 * Samples a token from logits: temperature 0 takes the largest, top-k 0 keeps all. Throws where the logits are not
 * finite.
 */
function sampleToken(logits: Float32Array, temperature: number, topK: number, uniform: number): number {
  if (logits.some((each) => Number.isNaN(each) || each === Infinity))
    throw new FaultError(sentence('logits-not-finite'))
  let best = 0
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i
  if (temperature === 0) return best
  const order = Array.from(logits, (_, i) => i)
  if (topK > 0 && topK < order.length) {
    order.sort((a, b) => logits[b]! - logits[a]! || a - b)
    order.length = topK
  }
  const weights = order.map((i) => Math.exp((logits[i]! - logits[best]!) / temperature))
  let target = uniform * weights.reduce((a, b) => a + b, 0)
  for (const [k, weight] of weights.entries()) {
    target -= weight
    if (target < 0) return order[k]!
  }
  return order.at(-1)!
}

/** The buffer and offset of a rank's part of a row of logits after a generating Program; null where it has none. */
export function logitsOf(
  program: RankProgram,
  row: number,
): { readonly buffer: string; readonly offset: number; readonly valid: number } | null {
  // The head works in chunks of rows, each with its own logits.
  for (const op of program.step) {
    if (op.kind !== 'forward' || op.segment.kind !== 'logits') continue
    const { rowStart, rows, V, valid } = op.dims
    if (row >= rowStart && row < rowStart + rows)
      return { buffer: op.args.logits!, offset: (row - rowStart) * V, valid }
  }
  return null
}

/** The configuration on one device, for sampling from the final weights of a run. */
export function textOnlyConfig({ batch, cluster, ...rest }: RunConfig): RunConfig {
  return {
    ...rest,
    steps: 1,
    epochs: null,
    parallel: DEFAULTS.parallel,
    batch: { ...batch, global: 1, microbatches: 1, shares: null },
    cluster: { ...cluster, adapters: 'default', memoryBytes: null, stragglers: [] },
  }
}

/**
 * Continues a prompt token by token, up to the end of the document where the data mark it; the model sees at most the
 * last `window` tokens. `infer` returns the logits of row `row` for a full window of tokens (padding after the row does
 * not affect it).
 */
export async function generateText(
  infer: (tokens: Uint32Array, row: number) => Promise<Float32Array>,
  tokenizer: Tokenizer,
  window: number,
  request: GenerateRequest,
  onText: (text: string) => void,
): Promise<string> {
  const ids = [...tokenizer.encode(request.prompt)]
  if (ids.length === 0) throw refused('prompt', 'prompt-without-tokens', { prompt: request.prompt })
  const random = new Rng(request.seed, 'generate')
  const made: number[] = []
  for (let n = 0; n < request.tokens; n++) {
    const seen = ids.slice(-window)
    const tokens = new Uint32Array(window)
    tokens.set(seen)
    const logits = await infer(tokens, seen.length - 1)
    // A model may have more ids than its tokenizer has tokens: the others have no text.
    const next = sampleToken(
      logits.subarray(0, tokenizer.vocabSize),
      request.temperature,
      request.topK,
      random.uniform(),
    )
    if (next === tokenizer.endOfText) break
    ids.push(next)
    made.push(next)
    onText(tokenizer.decode(made))
  }
  return tokenizer.decode(made)
}
