/** A card's edges, in pixels of the area it lies in. */
export interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Widest gap between two cards that count as adjacent. */
const GAP = 32
/** Distance of a line below a row of cards. */
const ROW_OFFSET = 6

/**
 * Path from one card to another: straight through the gap between neighbours; else down from the upper one, along the
 * row's lower edge and to the other one, behind whatever lies between.
 */
export function route(a: Box, b: Box): string {
  const [upper, lower] = a.top <= b.top ? [a, b] : [b, a]
  const middle = (box: Box) => Math.round((box.left + box.right) / 2)
  if (Math.abs(a.top - b.top) < 2) {
    const [left, right] = a.left <= b.left ? [a, b] : [b, a]
    if (right.left - left.right <= GAP) {
      const y = Math.round((a.top + a.bottom) / 2)
      return `M${left.right} ${y}H${right.left}`
    }
    return `M${middle(left)} ${left.bottom}V${left.bottom + ROW_OFFSET}H${middle(right)}V${right.bottom}`
  }
  if (middle(upper) === middle(lower)) return `M${middle(upper)} ${upper.bottom}V${lower.top}`
  return `M${middle(upper)} ${upper.bottom}V${upper.bottom + ROW_OFFSET}H${middle(lower)}V${lower.top}`
}
