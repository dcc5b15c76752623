import { expect, test } from 'vitest'
import { generateText } from '../../../src/cluster/generate.ts'
import { openTokenizer } from '../../../src/data/tokenizers/open.ts'

test.each([0, 1])('every token that is sampled has text, also of a model with more ids (temperature %d)', async (t) => {
  const tokenizer = await openTokenizer({ kind: 'char', characters: ['(', ')', '[', ']'] })
  const request = { prompt: '((', tokens: 12, temperature: t, topK: 3, seed: 1 }
  // Ids from 4 on are the likeliest.
  const infer = () => Promise.resolve(Float32Array.from({ length: 256 }, (_, id) => id))
  expect(await generateText(infer, tokenizer, 8, request, () => undefined)).toMatch(/^[()[\]]{12}$/)
})
