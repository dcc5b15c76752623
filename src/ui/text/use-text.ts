import { usePage, useSlice } from '../page-context.ts'
import { en } from './en.ts'
import type { Text } from './text.ts'
import { zh } from './zh.ts'

const TEXTS = { en, zh } satisfies Record<string, Text>

/** The strings of the chosen language. */
export function useText(): Text {
  return TEXTS[useSlice(usePage().settings, (settings) => settings.language)]
}
