import type { Family } from './family-spec.ts'
import { gpt2 } from './families/gpt2.ts'
import { llama } from './families/llama.ts'
import type { ModelShape } from './shape.ts'

const FAMILIES = { gpt2, llama } as const satisfies Record<ModelShape['family'], Family>

export function familyOf({ family }: Pick<ModelShape, 'family'>): Family {
  return FAMILIES[family]
}
