/** Sizes of `count` parts of `total`, differing by at most one, larger first. */
export function evenParts(total: number, count: number): number[] {
  const least = Math.floor(total / count)
  const larger = total - least * count
  return Array.from({ length: count }, (_, i) => least + (i < larger ? 1 : 0))
}

/** Total length of several spans. */
export function lengthOf(spans: readonly { readonly length: number }[]): number {
  return spans.reduce((sum, each) => sum + each.length, 0)
}
