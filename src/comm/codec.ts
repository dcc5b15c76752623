import { refused } from '../core/errors.ts'
import { decodeFp16, encodeFp16, fp16Bytes } from './codecs/fp16.ts'
import { decodeInt8, encodeInt8, int8Bytes } from './codecs/int8.ts'
import { decodeTopk, encodeTopk, topkBytes } from './codecs/topk.ts'

/**
 * Compression of gradients on the wire: host references of the kernels, and encoded sizes. An encoded vector is a whole
 * number of 4-byte words, so that it can travel through buffers and collectives of words.
 */
export type Codec =
  { readonly kind: 'fp16' } | { readonly kind: 'int8' } | { readonly kind: 'topk'; readonly ratio: number }

/** Bytes of `elements` floats once encoded. */
export function codecBytes(codec: Codec, elements: number): number {
  switch (codec.kind) {
    case 'fp16':
      return fp16Bytes(elements)
    case 'int8':
      return int8Bytes(elements)
    case 'topk':
      return topkBytes(elements, codec.ratio)
  }
}

export function encode(codec: Codec, values: Float32Array): Uint8Array<ArrayBuffer> {
  switch (codec.kind) {
    case 'fp16':
      return encodeFp16(values)
    case 'int8':
      return encodeInt8(values)
    case 'topk':
      return encodeTopk(values, codec.ratio)
  }
}

/** Decodes into all of `into`, whose length is the number of encoded elements. */
export function decode(codec: Codec, bytes: Uint8Array, into: Float32Array): void {
  const expected = codecBytes(codec, into.length)
  if (bytes.length !== expected) {
    throw refused(codec.kind, 'code-length-differs', { bytes: bytes.length, elements: into.length, expected })
  }
  switch (codec.kind) {
    case 'fp16':
      return decodeFp16(bytes, into)
    case 'int8':
      return decodeInt8(bytes, into)
    case 'topk':
      return decodeTopk(bytes, into)
  }
}
