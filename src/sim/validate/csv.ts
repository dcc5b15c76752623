/** Rows of a CSV file by column name; fields may be quoted. */
export type CsvRow = Readonly<Record<string, string>>

function fields(line: string): string[] {
  const out: string[] = []
  let field = ''
  let quoted = false
  for (const character of line) {
    if (character === '"') quoted = !quoted
    else if (character === ',' && !quoted) {
      out.push(field)
      field = ''
    } else field += character
  }
  return [...out, field]
}

export function parseCsv(text: string): CsvRow[] {
  const [head, ...lines] = text.replaceAll('\r', '').trim().split('\n')
  const names = fields(head ?? '')
  return lines.map((line) => {
    const values = fields(line)
    return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']))
  })
}

/** A field as a number. @throws when the column is absent or not numeric */
export function num(row: CsvRow, column: string): number {
  const value = Number(row[column])
  if (row[column] === undefined || row[column] === '' || Number.isNaN(value))
    throw new Error(`column "${column}": ${row[column] ?? 'absent'} is not a number`)
  return value
}
