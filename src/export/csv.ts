export type CsvValue = string | number | boolean | null | undefined

/** A cell according to RFC 4180: quoted where it holds a comma, a quote or a line break; empty for absent values. */
function cellText(cell: CsvValue): string {
  if (cell === null || cell === undefined) return ''
  const text = String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A table with a head; lines end as RFC 4180 has them, the last one too. */
export function csv(head: readonly string[], rows: Iterable<readonly CsvValue[]>): string {
  let text = ''
  for (const row of [head, ...rows]) text += `${row.map(cellText).join(',')}\r\n`
  return text
}
