import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ByteSource, SafetensorsFile } from '../checkpoint/safetensors.ts'
import { openSafetensors } from '../checkpoint/safetensors.ts'
import { openShards, readShardIndex } from '../checkpoint/shards.ts'
import { parseJson } from '../config/json.ts'
import { RefusedError, refused } from '../core/errors.ts'
import { renameRefusedField } from '../core/rename-refused-field.ts'
import { decodeText } from '../data/decode-text.ts'

/** Enough for thousands of configurations; anything larger is not one. */
const MAX_JSON_BYTES = 64 * 1024 * 1024

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'failed'
}

/** Opens a file for reading. Throws RefusedError naming `option` when that fails or the path is a directory. */
async function openFile(path: string, option: string): Promise<{ file: FileHandle; size: number; regular: boolean }> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw refused(option, 'file-cannot-be-opened', { path, why: errorCode(error) })
  })
  const stats = await file.stat()
  if (!stats.isDirectory()) return { file, size: stats.size, regular: stats.isFile() }
  await file.close()
  throw refused(option, 'path-is-directory', { path })
}

/**
 * A file's bytes; '-' is standard input. Throws RefusedError naming `option` when it cannot be read or exceeds `most`
 * bytes, without reading further.
 */
export async function readBytes(path: string, option: string, most = Infinity): Promise<Uint8Array> {
  if (path === '-') return collect(process.stdin, 'standard input', option, most)
  const { file, size, regular } = await openFile(path, option)
  try {
    if (size > most) throw refused(option, 'file-too-large', { path, bytes: size, most })
    if (regular) return await file.readFile()
    return await collect(file.createReadStream({ autoClose: false }), `"${path}"`, option, most)
  } catch (error) {
    if (error instanceof RefusedError) throw error
    throw refused(option, 'file-cannot-be-opened', { path, why: errorCode(error) })
  } finally {
    await file.close()
  }
}

async function collect(
  stream: AsyncIterable<unknown>,
  name: string,
  option: string,
  most: number,
): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new Error(`internal: ${name} gives no bytes`)
    length += chunk.length
    if (length > most) throw refused(option, 'input-too-large', { name, most })
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

export async function readText(path: string, option: string, most = Infinity): Promise<string> {
  return decodeText(await readBytes(path, option, most), option, path)
}

/** A configuration: a file, '-' for standard input, or JSON in place of a path. */
export async function readJson(argument: string, option: string): Promise<unknown> {
  const inPlace = /^\s*[[{]/.test(argument)
  const text = inPlace ? argument : await readText(argument, option, MAX_JSON_BYTES)
  try {
    return parseJson(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw refused(option, 'input-not-json', { what: inPlace ? 'the JSON' : `"${argument}"`, why })
  }
}

type OpenSource = ByteSource & { close(): Promise<void> }

/** Reads byte ranges of a file without loading it into memory. */
export async function fileSource(path: string, option: string): Promise<OpenSource> {
  const { file, size } = await openFile(path, option)
  return {
    size,
    async read(begin, end) {
      const bytes = new Uint8Array(end - begin)
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, begin + at)
        if (bytesRead === 0) throw refused(option, 'file-ends-at', { path, byte: begin + at })
        at += bytesRead
      }
      return bytes
    },
    close: () => file.close(),
  }
}

/** Weights on disk: a safetensors file, or the index (.json) of several next to it. Open while `use` runs. */
export async function withWeightsFile<Value>(
  path: string,
  option: string,
  use: (file: SafetensorsFile) => Promise<Value>,
): Promise<Value> {
  const opened: OpenSource[] = []
  const openSource = async (name: string): Promise<ByteSource> => {
    const source = await fileSource(name, option)
    opened.push(source)
    return source
  }
  try {
    const file = await renameRefusedField('safetensors', option, async () =>
      path.toLowerCase().endsWith('.json')
        ? openShards(readShardIndex(await readText(path, option, MAX_JSON_BYTES)), (name) =>
            openSource(join(dirname(path), name)),
          )
        : openSafetensors(await openSource(path)),
    )
    return await use(file)
  } finally {
    for (const source of opened) await source.close()
  }
}
