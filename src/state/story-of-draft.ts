import type { Story } from '../sim/stories.ts'
import { STORIES } from '../sim/stories.ts'
import type { Draft } from './draft-path.ts'

/** The story that a draft belongs to and its index there; null for a draft of the user's own. */
export function storyOf(draft: Draft): { readonly story: Story; readonly index: number } | null {
  const text = JSON.stringify(draft)
  for (const story of STORIES) {
    const index = story.configs.findIndex(({ config }) => JSON.stringify(config) === text)
    if (index >= 0) return { story, index }
  }
  return null
}
