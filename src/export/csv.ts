export type Cell = string | number | boolean | null | undefined

/** A cell as RFC 4180 wants it: quoted where it holds a comma, a quote or a line break; nothing for what is absent. */
function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  const text = String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A table with a head; lines end as RFC 4180 has them, the last one too. */
export function csv(head: readonly string[], rows: Iterable<readonly Cell[]>): string {
  let text = ''
  for (const row of [head, ...rows]) text += `${row.map(cellText).join(',')}\r\n`
  return text
}
