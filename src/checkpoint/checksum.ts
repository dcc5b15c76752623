import { hexOf, sha256 } from '../core/sha256.ts'

/** Bytes hashed at a time: digests take whole arrays, and a checkpoint may be larger than one. */
const CHUNK_BYTES = 8 * 1024 * 1024

/** Tensor bytes of a file, one part after another. */
export interface HashedBytes {
  readonly size: number
  read(begin: number, end: number): Promise<Uint8Array>
}

/** SHA-256 over what is said of the tensors and then their bytes, each chunk hashed together with the hash before it. */
export async function checksumOf(about: unknown, data: HashedBytes): Promise<string> {
  let hash = await sha256(new TextEncoder().encode(JSON.stringify(about)))
  for (let at = 0; at < data.size; at += CHUNK_BYTES) {
    const chunk = await data.read(at, Math.min(data.size, at + CHUNK_BYTES))
    const bytes = new Uint8Array(hash.length + chunk.length)
    bytes.set(hash)
    bytes.set(chunk, hash.length)
    hash = await sha256(bytes)
  }
  return hexOf(hash)
}
