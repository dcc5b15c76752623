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

/** A sentence that arrives as plain text, from a rank or a file, is recognised by pattern. Compiled on first use. */
let patterns: readonly Pattern[] | null = null

function patternsOf(): readonly Pattern[] {
  // Longest first: a shorter template may match a longer one's sentence.
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

/** A problem in Chinese; in English where there is no translation (command line only). */
export function problemInChinese({ message, localizable }: Problem): string {
  const template = localizable && PROBLEMS_ZH[localizable.template]
  return template
    ? template.replaceAll(/\{(\d+)\}/g, (_, i: string) => translated(localizable.values[Number(i)]!))
    : recognised(message)
}

/** Returns a function that words a problem in the chosen language; the caller names the field. */
export function useProblemText(): (problem: Problem) => string {
  const language = useSlice(usePage().settings, (settings) => settings.language)
  return language === 'zh' ? problemInChinese : ({ message }) => message
}
