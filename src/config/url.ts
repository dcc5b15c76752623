import { RefusedError, refused } from '../core/errors.ts'
import { parseJson } from './json.ts'
import { quoted } from './quoted.ts'

/**
 * A configuration as text for a link: "1." (the format version), then the minimal JSON, deflated, in base64url. A
 * link's content is untrusted until parsed: its length, its unpacked size and its content are all limited.
 */
const FORM = '1.'
const MAX_CHARACTERS = 16_384
const MAX_BYTES = 262_144

/** A user's configuration input, for a link. */
export async function inputToUrl(input: unknown): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify(input))
  const bytes = await collect(new Blob([json]).stream().pipeThrough(new CompressionStream('deflate-raw')), Infinity)
  return FORM + base64Url(bytes)
}

/** The JSON in a link, unchecked, for an editor to start from. Throws RefusedError on `link`. */
export async function inputFromUrl(text: string): Promise<unknown> {
  if (!text.startsWith(FORM))
    throw refused('link', 'link-of-other-version', { text: quoted(text.slice(0, 20)), form: FORM })
  if (text.length > MAX_CHARACTERS)
    throw refused('link', 'link-too-long', { characters: text.length, most: MAX_CHARACTERS })
  const packed = fromBase64Url(text.slice(FORM.length))
  let json: string
  try {
    const bytes = await collect(
      new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw')),
      MAX_BYTES,
    )
    json = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof RefusedError) throw error
    throw refused('link', 'link-does-not-unpack')
  }
  try {
    return parseJson(json)
  } catch {
    throw refused('link', 'link-not-json')
  }
}

async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  const reader = stream.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length
    if (length > most) {
      await reader.cancel().catch(() => undefined)
      throw refused('link', 'link-unpacks-too-large', { most })
    }
    parts.push(next.value)
  }
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

function base64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text)) throw refused('link', 'link-characters-bad')
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
  } catch {
    throw refused('link', 'link-length-bad')
  }
}
