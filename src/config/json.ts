/** A configuration is a few levels deep; its reader recurses. */
const MAX_LEVELS = 100

/** JSON from outside. Throws a one-line error where it is invalid or nested too deeply. */
export function parseJson(text: string): unknown {
  if (deeperThan(text, MAX_LEVELS)) throw new Error(`nested deeper than ${MAX_LEVELS} levels`)
  try {
    return JSON.parse(text)
  } catch (error) {
    // The message quotes the text, line breaks included.
    throw new Error(error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : 'no JSON', { cause: error })
  }
}

/** Whether brackets are nested deeper; strings are skipped. Meaningless for invalid JSON. */
function deeperThan(text: string, most: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++)
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++
        break
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > most) return true
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
        break
    }
  return false
}
