/** Drawn instead of typed: fonts differ in their glyphs. */
const PATHS = {
  play: 'M3 2l10 6-10 6z',
  pause: 'M3 2h3.5v12H3zM9.5 2H13v12H9.5z',
  reset: 'M2 2h2v12H2zM14 2v12L5 8z',
  advance: 'M2 2l8 6-8 6zM11 2h2.5v12H11z',
  auto: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1zm0 1.5v11a5.5 5.5 0 0 0 0-11z',
  light:
    'M8 4.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM7.25 0h1.5v2.5h-1.5zM7.25 13.5h1.5V16h-1.5zM0 7.25h2.5v1.5H0zM13.5 7.25H16v1.5h-2.5z',
  dark: 'M6 1.5a6.5 6.5 0 1 0 8.5 8.5A5.5 5.5 0 0 1 6 1.5z',
} as const

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="12"
      height="12"
      fill="currentColor"
      fillRule="evenodd"
      aria-hidden="true"
      style={{ verticalAlign: '-1px' }}
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
