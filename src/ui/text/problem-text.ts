import type { Problem } from '../../config/check.ts'
import { usePage, useSlice } from '../page-context.ts'
import { PROBLEMS_ZH } from './problems-zh.ts'

/** A value that is itself a sentence is translated, too. */
const translated = (value: string | number) => PROBLEMS_ZH[value] ?? String(value)

interface Pattern {
  readonly sentence: RegExp
  readonly places: readonly number[]
  readonly chinese: string
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

/** A sentence that came as plain text, from a rank or a file, is known by its shape. Made when it is first wanted. */
let patterns: readonly Pattern[] | null = null

function patternsOf(): readonly Pattern[] {
  // The longest first: a sentence with fewer fixed words also fits what a longer one says.
  const longest = Object.entries(PROBLEMS_ZH).toSorted(([a], [b]) => b.length - a.length)
  return longest.map(([template, chinese]) => ({
    sentence: new RegExp(
      `^${template
        .split(/\{\d+\}/)
        .map(escaped)
        .join('(.+?)')}$`,
    ),
    places: [...template.matchAll(/\{(\d+)\}/g)].map(([, i]) => Number(i)),
    chinese,
  }))
}

function recognised(message: string): string {
  const [, place = '', sentence = message] = /^(rank \d+(?: at \S+)?: |[a-z][\w.-]*: )([^]+)$/.exec(message) ?? []
  patterns ??= patternsOf()
  for (const each of patterns) {
    const found = each.sentence.exec(sentence)
    if (!found) continue
    const values = new Map(each.places.map((value, i) => [value, found[i + 1]!]))
    return place + each.chinese.replaceAll(/\{(\d+)\}/g, (_, i: string) => translated(values.get(Number(i))!))
  }
  return message
}

/** What is wrong, in Chinese; in English where nobody translated it (what only a command line can provoke). */
export function problemInChinese({ message, localizable }: Problem): string {
  const template = localizable && PROBLEMS_ZH[localizable.template]
  return template
    ? template.replaceAll(/\{(\d+)\}/g, (_, i: string) => translated(localizable.values[Number(i)]!))
    : recognised(message)
}

/** Says what is wrong in the chosen language; the field is the caller's to name. */
export function useProblemText(): (problem: Problem) => string {
  const language = useSlice(usePage().settings, (settings) => settings.language)
  return language === 'zh' ? problemInChinese : ({ message }) => message
}
