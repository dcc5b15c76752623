import type { Problem } from '../../config/check.ts'
import { usePage, useSlice } from '../page-context.ts'
import { PROBLEMS_ZH } from './problems-zh.ts'

/** A value that is itself a sentence is translated, too. */
const translated = (value: string | number) => PROBLEMS_ZH[value] ?? String(value)

/** What is wrong, in Chinese; in English where nobody translated it (what only a command line can provoke). */
export function problemInChinese({ message, said }: Problem): string {
  const template = said && PROBLEMS_ZH[said.template]
  return template ? template.replaceAll(/\{(\d+)\}/g, (_, i: string) => translated(said.values[Number(i)]!)) : message
}

/** Says what is wrong in the chosen language; the field is the caller's to name. */
export function useProblemText(): (problem: Problem) => string {
  const language = useSlice(usePage().settings, (settings) => settings.language)
  return language === 'zh' ? problemInChinese : ({ message }) => message
}
