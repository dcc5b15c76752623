import type { Corpus } from './corpus.ts'
import { drawFromSplit } from './split.ts'
import { drawSentence } from './translation/draw.ts'
import { inEnglish } from './translation/english.ts'
import { inGerman } from './translation/german.ts'
import { PROMPTS } from './prompts.ts'

/**
 * German → English sentence pairs from a grammar: genders, cases and adjective endings, separable verbs, perfect with haben
 * and sein, verb-second and verb-last order, passive, relative and subordinate clauses; on the English side articles,
 * agreement and do-support. "ein kleiner Hund sieht die Katze > a small dog sees the cat".
 */
export const translation: Corpus = {
  name: 'translation-de-en',
  title: 'German → English',
  description:
    'Sentence pairs from a grammar with cases, genders and verb positions; the loss counts the English side only',
  size: 16384,
  validationSize: 256,
  prompt: PROMPTS['translation-de-en'],
  document: (index, split) =>
    drawFromSplit('translation', split, index, (random) => {
      const sentence = drawSentence(random)
      const given = `${inGerman(sentence)} > `
      return { text: `${given}${inEnglish(sentence)}\n`, lossFrom: given.length }
    }),
}
