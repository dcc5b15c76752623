/** Refuses what is not well-formed: unclosed or crossed elements, stray marks, unknown entities, an attribute twice. */
export function elementsOf(
  xml: string,
): { readonly name: string; readonly attributes: Readonly<Record<string, string>>; readonly text: string }[] {
  const found: { name: string; attributes: Record<string, string>; text: string }[] = []
  const open: number[] = []
  const decode = (text: string) => {
    if (/[<>]|&(?!(amp|lt|gt|quot|apos);)/.test(text)) throw new Error(`stray mark in "${text}"`)
    return text.replace(
      /&(amp|lt|gt|quot|apos);/g,
      (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" })[name] ?? '',
    )
  }
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '')
  for (let at = 0; at < body.length;) {
    const mark = body.indexOf('<', at)
    const text = body.slice(at, mark < 0 ? body.length : mark)
    const inside = open.at(-1)
    if (inside === undefined && text.trim() !== '') throw new Error(`text outside: "${text}"`)
    if (inside !== undefined) found[inside]!.text += decode(text)
    if (mark < 0) break
    const tag = /^<(\/?)([a-zA-Z]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>/.exec(body.slice(mark))
    if (!tag) throw new Error(`no element at "${body.slice(mark, mark + 60)}"`)
    const [whole, closing, name, given, empty] = tag
    at = mark + whole.length
    if (closing) {
      const last = open.pop()
      if (last === undefined || found[last]!.name !== name) throw new Error(`</${name}> closes nothing`)
      continue
    }
    const attributes: Record<string, string> = {}
    for (const [, key, value] of given!.matchAll(/([\w-]+)="([^"]*)"/g)) {
      if (Object.hasOwn(attributes, key!)) throw new Error(`${key} twice in <${name}>`)
      attributes[key!] = decode(value!)
    }
    found.push({ name: name!, attributes, text: '' })
    if (!empty) open.push(found.length - 1)
  }
  if (open.length > 0) throw new Error('an element stays open')
  return found
}
