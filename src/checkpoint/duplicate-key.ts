/**
 * The first duplicate key of the outermost object of a JSON text, or null. `JSON.parse` silently keeps the last of
 * equal keys. The text must already have been parsed successfully: nothing is validated here.
 */
export function firstDuplicateKey(json: string): string | null {
  const seen = new Set<string>()
  let depth = 0
  let keyComes = false
  for (let i = 0; i < json.length; i++) {
    switch (json.charAt(i)) {
      case '"': {
        const begin = i++
        while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1
        if (depth !== 1 || !keyComes) break
        keyComes = false
        const key = String(JSON.parse(json.slice(begin, i + 1)))
        if (seen.has(key)) return key
        seen.add(key)
        break
      }
      case '{':
      case '[':
        keyComes = ++depth === 1
        break
      case '}':
      case ']':
        depth--
        break
      case ',':
        keyComes = depth === 1
        break
    }
  }
  return null
}
