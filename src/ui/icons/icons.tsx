/** Drawn, not typed: fonts differ in what they have. */
const PATHS = {
  play: 'M3 2l10 6-10 6z',
  pause: 'M3 2h3.5v12H3zM9.5 2H13v12H9.5z',
  reset: 'M2 2h2v12H2zM14 2v12L5 8z',
  advance: 'M2 2l8 6-8 6zM11 2h2.5v12H11z',
} as const

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="12"
      height="12"
      fill="currentColor"
      aria-hidden="true"
      style={{ verticalAlign: '-1px' }}
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
