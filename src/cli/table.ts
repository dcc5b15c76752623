/** Rows as aligned text: the first column left-aligned, numbers right-aligned. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), title.length))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(head), ...rows.map(line)].join('\n')
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Three significant digits and a decimal unit. */
export function shortBytes(bytes: number): string {
  const unit = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${UNITS[unit]}`
}

export function secondsText(seconds: number): string {
  return seconds < 1 ? `${Number((seconds * 1e3).toPrecision(3))} ms` : `${Number(seconds.toPrecision(4))} s`
}

export function percentText(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
