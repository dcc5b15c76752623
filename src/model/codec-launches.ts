import { WORD_BYTES } from '../core/dtypes.ts'
import type { Launch } from './kernels.ts'

/** A range of a buffer; lengths of encoded ranges are in 4-byte words. */
interface Range {
  readonly buffer: string
  readonly offset: number
  readonly length: number
}

export type CodecKind = 'fp16' | 'int8' | 'topk'

/** Values that share a scale under int8 (comm/codecs/int8.ts, shaders/encode_int8.wgsl). */
const INT8_CHUNK = 256

/** Compresses `values` into `encoded`; with top-k, `residue` keeps the remainder. Layouts: comm/codecs. */
export function encodeLaunch(codec: CodecKind, values: Range, encoded: Range, residue?: Range): Launch {
  const n = values.length
  const shared = { n, sOffset: values.offset, tOffset: encoded.offset }
  const buffers = { values: values.buffer, encoded: encoded.buffer }
  const bytes = WORD_BYTES * (n + encoded.length)
  switch (codec) {
    case 'fp16':
      return { kernel: 'encode_fp16', buffers, params: shared, flops: n, bytes }
    case 'int8':
      return {
        kernel: 'encode_int8',
        buffers,
        params: { ...shared, chunks: Math.ceil(n / INT8_CHUNK) },
        flops: 3 * n,
        bytes,
      }
    case 'topk':
      return {
        kernel: 'encode_topk',
        buffers: { ...buffers, residue: residue?.buffer ?? '' },
        params: {
          n,
          k: encoded.length / 2,
          sOffset: values.offset,
          tOffset: encoded.offset,
          feedback: residue ? 1 : 0,
        },
        flops: 6 * n,
        bytes: bytes + WORD_BYTES * n * (5 + (residue ? 1 : 0)),
      }
  }
}

/** Decompresses `encoded` into `values`, or adds it there; top-k always adds. */
export function decodeLaunch(codec: CodecKind, encoded: Range, values: Range, accumulate: boolean): Launch {
  const n = values.length
  const shared = { n, sOffset: encoded.offset, tOffset: values.offset }
  const buffers = { encoded: encoded.buffer, values: values.buffer }
  const bytes = WORD_BYTES * (encoded.length + n * (accumulate ? 2 : 1))
  const add = accumulate ? 1 : 0
  switch (codec) {
    case 'fp16':
      return { kernel: 'decode_fp16', buffers, params: { ...shared, accumulate: add }, flops: n, bytes }
    case 'int8':
      return {
        kernel: 'decode_int8',
        buffers,
        params: { ...shared, chunks: Math.ceil(n / INT8_CHUNK), accumulate: add },
        flops: 2 * n,
        bytes,
      }
    case 'topk':
      return {
        kernel: 'decode_topk',
        buffers,
        params: { n, k: encoded.length / 2, sOffset: encoded.offset, tOffset: values.offset },
        flops: encoded.length,
        bytes: 8 * encoded.length,
      }
  }
}
