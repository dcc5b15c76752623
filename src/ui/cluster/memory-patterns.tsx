/** Hatchings of the memory bars, for SVG: fill with `url(#id-part)`. */
export function MemoryPatterns({ id }: { readonly id: string }) {
  const stripes = { gradients: 45, optimizer: 90, activations: -45, communication: 0 } as const
  return (
    <defs>
      <pattern id={`${id}-parameters`} width={4} height={4} patternUnits="userSpaceOnUse">
        <rect width={4} height={4} fill="var(--cat-parameters)" />
      </pattern>
      {Object.entries(stripes).map(([part, angle]) => (
        <pattern
          key={part}
          id={`${id}-${part}`}
          width={4}
          height={4}
          patternUnits="userSpaceOnUse"
          patternTransform={`rotate(${angle})`}
        >
          <rect width={4} height={4} fill={`var(--cat-${part})`} />
          <rect width={4} height={1} fill="var(--op-stripe)" />
        </pattern>
      ))}
      <pattern id={`${id}-cached`} width={4} height={4} patternUnits="userSpaceOnUse">
        <rect width={4} height={4} fill="var(--idle)" />
      </pattern>
    </defs>
  )
}
