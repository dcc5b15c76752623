/** Hatching on top of a colour, so that colour is never the only distinction. */
export type Hatch = 'plain' | 'rising' | 'falling' | 'dots' | 'vertical' | 'cross'

const HATCHES: Readonly<Record<Exclude<Hatch, 'plain'>, string>> = {
  rising: '<path d="M-2 2L2-2M0 8L8 0M6 10L10 6"/>',
  falling: '<path d="M-2 6L2 10M0 0L8 8M6-2L10 2"/>',
  vertical: '<path d="M2 0V8M6 0V8"/>',
  cross: '<path d="M0 8L8 0M0 0L8 8"/>',
  dots: '<path d="M2 2h.01M6 6h.01" stroke-width="2" stroke-linecap="round"/>',
}

/** Pattern definitions of the hatches in use, by name. */
export function hatchPatterns(used: readonly Hatch[]): string {
  const usedNames = new Set(used)
  const patterns = (Object.keys(HATCHES) as (keyof typeof HATCHES)[])
    .filter((name) => usedNames.has(name))
    .map(
      (name) =>
        `<pattern id="${name}" width="8" height="8" patternUnits="userSpaceOnUse"><g fill="none" stroke="#ffffff" stroke-opacity="0.5" stroke-width="1.25">${HATCHES[name]}</g></pattern>`,
    )
  return `<defs>${patterns.join('')}</defs>`
}

/** A shape (the start of its element) in a colour, and again in its hatch. */
export function hatched(shape: string, { fill, hatch }: { readonly fill: string; readonly hatch: Hatch }): string {
  const over = hatch === 'plain' ? '' : `${shape} fill="url(#${hatch})" pointer-events="none"/>`
  return `${shape} fill="${fill}"/>${over}`
}
