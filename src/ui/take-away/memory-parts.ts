import type { BytesByCategory } from '../../core/bytes.ts'
import type { Hatch } from '../../export/hatch.ts'
import { BAR_PARTS, barPartBytes } from '../cluster/memory-bar.tsx'
import type { Text } from '../text/text.ts'
import { MEMORY_FILL } from './light-colours.ts'

type Part = (typeof BAR_PARTS)[number]

const MEMORY_HATCH: Readonly<Record<Part, Hatch>> = {
  parameters: 'plain',
  gradients: 'rising',
  optimizer: 'vertical',
  activations: 'falling',
  communication: 'cross',
}

/** The memory categories for files, in the order of every bar. */
export function memoryParts(text: Text) {
  return BAR_PARTS.map((part) => ({
    name: text.categories[part],
    fill: MEMORY_FILL[part],
    hatch: MEMORY_HATCH[part],
    of: (bytes: BytesByCategory) => barPartBytes(bytes, part),
  }))
}
