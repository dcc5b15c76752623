/** Building blocks of standalone SVG: text stays text, on a light background, in universally available fonts. */

const FONT =
  "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"

export const INK = '#1c1b19'
export const FAINT = '#57534b'
export const HAIRLINE = '#dcd7cb'
const GROUND = '#ffffff'

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** Escapes text for elements and attributes; characters not allowed in XML 1.0 are dropped. */
export function escapeXml(text: string): string {
  let allowed = ''
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const isControl = code < 0x20 && code !== 9 && code !== 10 && code !== 13
    const isHalf = code >= 0xd800 && code <= 0xdfff
    if (!isControl && !isHalf && code !== 0xfffe && code !== 0xffff) allowed += NAMED[character] ?? character
  }
  return allowed
}

/** A coordinate with two decimals. */
export function at(value: number): string {
  return String(Math.round(value * 100) / 100)
}

export interface TextStyle {
  readonly size?: number
  readonly weight?: number
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly fill?: string
  /** Rotation about its position, in degrees. */
  readonly turn?: number
}

export function textAt(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { size = 12, weight, anchor = 'start', fill = INK, turn } = style
  const more = [
    anchor === 'start' ? '' : ` text-anchor="${anchor}"`,
    weight === undefined ? '' : ` font-weight="${weight}"`,
    turn === undefined ? '' : ` transform="rotate(${turn} ${at(x)} ${at(y)})"`,
  ].join('')
  return `<text x="${at(x)}" y="${at(y)}" font-size="${size}" fill="${fill}"${more}>${escapeXml(text)}</text>`
}

/** Approximate width of a text, sufficient for Latin letters and for Chinese. */
export function widthOf(text: string, size: number): number {
  let ems = 0
  for (const character of text) ems += (character.codePointAt(0) ?? 0) > 0x2e7f ? 1 : 0.56
  return ems * size
}

/** A complete file. Screen readers use the title. */
export function svgFile(width: number, height: number, title: string, body: readonly string[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${at(width)}" height="${at(height)}" viewBox="0 0 ${at(width)} ${at(height)}" role="img" font-family="${FONT}">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="100%" height="100%" fill="${GROUND}"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n')
}

/** Round values inside [low, high]: 1, 2 or 5 times a power of ten apart, about `count` of them. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const span = high - low
  if (!(span > 0)) return [low]
  const rough = span / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * (1 - 1e-9)) ?? 10 * power
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  // Multiples of a power of ten are not exact: 3 · 0.1 is shown as 0.3.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** A tick's number: grouped when large, without an exponent where readable. */
export function tickText(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential().replace('e+', 'e')
  return value.toLocaleString('en-US', { maximumFractionDigits: 6 })
}
