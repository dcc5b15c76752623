/** Numbers for display: three significant digits, decimal units, a non-breaking space before the unit. */

const GAP = '\u202f'
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const
const COUNT_UNITS = ['', 'k', 'M', 'G', 'T'] as const

/** Three significant digits without an exponent for 0.001 … 999,999; "5.54", "12.3", "120", "0.0042". */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  const sign = value < 0 ? '−' : ''
  if (size === 0) return '0'
  if (size >= 999.5) return sign + Math.round(size).toLocaleString('en-US')
  if (size < 0.0009995) return sign + exponent(size)
  return sign + size.toPrecision(3)
}

function exponent(size: number): string {
  const [mantissa, power] = size.toExponential(1).split('e')
  return `${mantissa}e${(power ?? '').replace('-', '−').replace('+', '')}`
}

function scaled(value: number, base: number, units: readonly string[]): [string, string] {
  let size = Math.abs(value)
  let unit = 0
  // 999.5 would print as "1,000": the next unit has three digits.
  while (size >= 999.5 && unit < units.length - 1) {
    size /= base
    unit++
  }
  const digits = unit === 0 && Number.isInteger(size) ? String(size) : size === 0 ? '0' : size.toPrecision(3)
  return [(value < 0 ? '−' : '') + digits, units[unit] ?? '']
}

/** 7,412,000 → "7.41 MB" (10⁶); below a thousand in whole bytes. */
export function formatBytes(bytes: number): string {
  const [digits, unit] = scaled(Math.round(bytes), 1000, BYTE_UNITS)
  return `${digits}${GAP}${unit}`
}

/** 124,439,808 → "124 M". */
export function formatCount(count: number): string {
  const [digits, unit] = scaled(count, 1000, COUNT_UNITS)
  return unit === '' ? digits : `${digits}${GAP}${unit}`
}

/** 12,345 → "12,345": exact counts. */
export function formatWhole(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** 0.0401 → "40.1 ms"; 75 → "1 min 15 s". */
export function formatSeconds(seconds: number): string {
  const size = Math.abs(seconds)
  if (size >= 3600) return `${Math.floor(size / 3600)}${GAP}h ${Math.floor((size % 3600) / 60)}${GAP}min`
  if (size >= 60) return `${Math.floor(size / 60)}${GAP}min ${Math.floor(size % 60)}${GAP}s`
  if (size >= 0.9995) return `${size.toPrecision(3)}${GAP}s`
  if (size >= 0.0009995) return `${(size * 1e3).toPrecision(3)}${GAP}ms`
  return size === 0 ? `0${GAP}s` : `${(size * 1e6).toPrecision(3)}${GAP}µs`
}

/** 0.2727 → "27.3 %". */
export function formatPercent(fraction: number): string {
  return `${fraction === 0 ? '0' : (fraction * 100).toPrecision(3)}${GAP}%`
}

/** A relative difference: "3e−7". */
export function formatTiny(value: number): string {
  if (value === 0) return '0'
  const [mantissa, power] = value.toExponential(0).split('e')
  return `${mantissa}e${(power ?? '').replace('-', '−').replace('+', '')}`
}
