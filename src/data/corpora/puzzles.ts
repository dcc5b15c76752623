import type { Corpus } from './corpus.ts'
import { drawFromSplit } from './split.ts'
import { PROMPTS } from './prompts.ts'

const SIZE = 16384
const VALIDATION_SIZE = 256

/** Sums of two numbers of up to three digits: "123+45=168". The loss counts the result. */
export const addition: Corpus = {
  name: 'addition',
  title: 'Addition',
  description: 'Sums of two numbers; the loss counts the result only',
  size: SIZE,
  validationSize: VALIDATION_SIZE,
  prompt: PROMPTS.addition,
  document: (index, split) =>
    drawFromSplit('addition', split, index, (random) => {
      const number = () => random.below(10 ** (1 + random.below(3)))
      const [a, b] = [number(), number()]
      const given = `${a}+${b}=`
      return { text: `${given}${a + b}\n`, lossFrom: given.length }
    }),
}

/** Letters and the same letters in order: "dbca>abcd". The loss counts the sorted half. */
export const sorting: Corpus = {
  name: 'sorting',
  title: 'Sorting',
  description: 'Letters, then the same letters in order; the loss counts the sorted half only',
  size: SIZE,
  validationSize: VALIDATION_SIZE,
  prompt: PROMPTS.sorting,
  document: (index, split) =>
    drawFromSplit('sorting', split, index, (random) => {
      const letters = Array.from({ length: 2 + random.below(7) }, () => String.fromCharCode(97 + random.below(10)))
      const given = `${letters.join('')}>`
      return { text: `${given}${letters.toSorted().join('')}\n`, lossFrom: given.length }
    }),
}

const PAIRS: readonly (readonly [string, string])[] = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]

/** Balanced brackets of three kinds; every token counts. */
export const brackets: Corpus = {
  name: 'brackets',
  title: 'Brackets',
  description: 'Balanced brackets of three kinds: a model has to remember what is open',
  size: SIZE,
  validationSize: VALIDATION_SIZE,
  prompt: PROMPTS.brackets,
  document: (index, split) =>
    drawFromSplit('brackets', split, index, (random) => {
      let text = ''
      const open: string[] = []
      let left = 4 + random.below(20)
      while (left > 0 || open.length > 0) {
        if (left > 0 && (open.length === 0 || random.below(2) === 0)) {
          const [opening, closing] = random.pick(PAIRS)
          text += opening
          open.push(closing)
          left--
        } else text += open.pop()!
      }
      return { text: `${text}\n`, lossFrom: 0 }
    }),
}
