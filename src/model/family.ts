import type { FamilySpec } from './family-spec.ts'
import { gpt2 } from './families/gpt2.ts'
import { llama } from './families/llama.ts'
import type { ModelShape } from './shape.ts'

const FAMILIES = { gpt2, llama } as const satisfies Record<ModelShape['family'], FamilySpec>

export function familyOf({ family }: Pick<ModelShape, 'family'>): FamilySpec {
  return FAMILIES[family]
}
