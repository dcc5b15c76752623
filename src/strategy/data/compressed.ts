import { evenParts, lengthOf } from '../../core/parts.ts'
import type { RunConfig } from '../../config/types.ts'
import { WORD_BYTES } from '../../core/dtypes.ts'
import { codecBytes } from '../../comm/codec.ts'
import type { Codec } from '../../comm/codec.ts'
import { bufferName, messageId } from '../../schedule/buffers.ts'
import type { BufferSpec, Span } from '../../schedule/program.ts'
import { collective } from '../collective-ops.ts'
import type { OpDraft } from '../draft.ts'
import { buffer, buffersOf, splitLike, offsetsOf, span } from '../draft.ts'
import type { ComputeRank } from '../ranks.ts'
import { COMPUTE } from '../segment-writer.ts'

export interface CompressedReduction {
  readonly ops: OpDraft[]
  readonly buffers: BufferSpec[]
}

/**
 * Sums the gradients `spans` over the data group with compressed messages; every member ends with the same bits.
 *
 * fp16, int8   encode a part for each member ┐ gather at its owner ┐ decode, add up, encode ┐ all-gather ┐ decode
 *              2(N−1)/N of the encoded size per rank, as a ring all-reduce of the encoded bucket would move
 * top-k        encode ┐ all-gather ┐ clear, add everybody's pairs; (N−1) times the pairs per rank. With error feedback
 *              the residue is kept and added to the next step's gradient (Stich et al. 2018).
 */
export function compressedAllReduce(
  config: RunConfig,
  { rank, dataGroup }: ComputeRank,
  spans: readonly Span[],
  name: string,
): CompressedReduction {
  const { compression } = config.parallel
  const total = lengthOf(spans)
  const flatId = messageId(`${name}:flat`)
  const flat = span(bufferName(flatId), total)
  const shared = { config, group: dataGroup, member: dataGroup.indexOf(rank), name, flat }
  const packed = copy(spans, splitLike(flat.buffer, spans))
  const unpacked = copy(splitLike(flat.buffer, spans), spans)
  const { ops, buffers } =
    compression.kind === 'topk'
      ? throughPairs(shared, compression)
      : throughOwners(shared, { kind: compression.kind === 'int8' ? 'int8' : 'fp16' })
  return { ops: [packed, ...ops, unpacked], buffers: [buffer(flatId, total, { dtype: 'gradient' }), ...buffers] }
}

/** Encoded vectors are exchanged as whole words, whatever they contain. */
const WORDS = { dtype: 'u32' } as const

interface Shared {
  readonly config: RunConfig
  readonly group: readonly number[]
  readonly member: number
  readonly name: string
  readonly flat: Span
}

function throughOwners({ config, group, member, name, flat }: Shared, codec: Codec): CompressedReduction {
  const parts = evenParts(flat.length, group.length)
  const starts = offsetsOf(parts)
  const words = parts.map((part) => codecBytes(codec, part) / WORD_BYTES)
  const places = offsetsOf(words)
  const total = words.reduce((a, b) => a + b, 0)
  const own = words[member]!
  const idOf = (part: 'encoded' | 'landed' | 'sum' | 'result' | 'all') => messageId(`${name}:${part}`)
  const encoded = bufferName(idOf('encoded'))
  const landed = bufferName(idOf('landed'))
  const sum = bufferName(idOf('sum'))
  const result = bufferName(idOf('result'))
  const all = bufferName(idOf('all'))
  const partsOf = (of: string) => parts.map((part, i) => span(of, part, starts[i]!))
  const wordsOf = (of: string) => words.map((count, i) => span(of, count, places[i]!))
  const { kind } = codec
  const ops: OpDraft[] = [encode(kind, partsOf(flat.buffer), wordsOf(encoded))]
  for (const [owner, root] of group.entries())
    ops.push(
      collective('gather', config, {
        group,
        root,
        source: [span(encoded, words[owner]!, places[owner]!)],
        target: owner === member ? [span(landed, own * group.length)] : [],
        parts: group.map(() => words[owner]!),
        traffic: 'gradients',
        subject: `${name} ${kind}, part ${owner}`,
      }),
    )
  const arrived = group.map((_, i) => span(landed, own, i * own))
  ops.push(
    decode(
      kind,
      arrived,
      group.map(() => span(sum, parts[member]!)),
      'first replaces',
    ),
  )
  ops.push(encode(kind, [span(sum, parts[member]!)], [span(result, own)]))
  ops.push(
    collective('allGather', config, {
      group,
      source: [span(result, own)],
      target: [span(all, total)],
      parts: words,
      traffic: 'gradients',
      subject: `${name} ${kind}, sums`,
    }),
  )
  ops.push(decode(kind, wordsOf(all), partsOf(flat.buffer), 'replace'))
  const buffers = [
    buffer(idOf('encoded'), total, WORDS),
    buffer(idOf('landed'), own * group.length, WORDS),
    buffer(idOf('sum'), parts[member]!, { dtype: 'gradient' }),
    buffer(idOf('result'), own, WORDS),
    buffer(idOf('all'), total, WORDS),
  ]
  return { ops, buffers }
}

function throughPairs(
  { config, group, name, flat }: Shared,
  { ratio, errorFeedback }: { readonly ratio: number; readonly errorFeedback: boolean },
): CompressedReduction {
  const words = codecBytes({ kind: 'topk', ratio }, flat.length) / WORD_BYTES
  const [encodedId, allId, residueId] = [
    messageId(`${name}:encoded`),
    messageId(`${name}:all`),
    messageId(`${name}:residue`),
  ]
  const [encoded, all, residue] = [bufferName(encodedId), bufferName(allId), bufferName(residueId)]
  const left = span(residue, flat.length)
  const ops: OpDraft[] = []
  if (errorFeedback)
    ops.push({
      kind: 'add',
      stream: COMPUTE,
      source: [left],
      target: [flat],
      assign: false,
      reads: [residue, flat.buffer],
      writes: [flat.buffer],
    })
  ops.push(encode('topk', [flat], [span(encoded, words)], errorFeedback ? left : undefined))
  ops.push(
    collective('allGather', config, {
      group,
      source: [span(encoded, words)],
      target: [span(all, words * group.length)],
      parts: group.map(() => words),
      traffic: 'gradients',
      subject: `${name} topk`,
    }),
  )
  ops.push({ kind: 'clear', stream: COMPUTE, spans: [flat], reads: [], writes: [flat.buffer] })
  const arrived = group.map((_, i) => span(all, words, i * words))
  ops.push(
    decode(
      'topk',
      arrived,
      group.map(() => flat),
      'add',
    ),
  )
  const buffers = [buffer(encodedId, words, WORDS), buffer(allId, words * group.length, WORDS)]
  if (errorFeedback) buffers.push(buffer(residueId, flat.length, { dtype: 'gradient', persistent: true }))
  return { ops, buffers }
}

function encode(codec: Codec['kind'], source: readonly Span[], target: readonly Span[], residue?: Span): OpDraft {
  return {
    kind: 'encode',
    stream: COMPUTE,
    codec,
    source,
    target,
    ...(residue === undefined ? {} : { residue }),
    reads: buffersOf(source),
    writes: [...buffersOf(target), ...(residue === undefined ? [] : [residue.buffer])],
  }
}

function decode(
  codec: Codec['kind'],
  source: readonly Span[],
  target: readonly Span[],
  how: 'replace' | 'first replaces' | 'add',
): OpDraft {
  return {
    kind: 'decode',
    stream: COMPUTE,
    codec,
    source,
    target,
    accumulate: source.map((_, i) => how === 'add' || (how === 'first replaces' && i > 0)),
    reads: [...buffersOf(source), ...(how === 'add' ? buffersOf(target) : [])],
    writes: buffersOf(target),
  }
}

function copy(source: readonly Span[], target: readonly Span[]): OpDraft {
  return {
    kind: 'add',
    stream: COMPUTE,
    source,
    target,
    assign: true,
    reads: buffersOf(source),
    writes: buffersOf(target),
  }
}
