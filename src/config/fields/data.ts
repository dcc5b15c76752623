import { CORPUS_NAMES, TOKENIZERS } from '../names.ts'
import { computed, field, given, group, is } from '../field.ts'
import { choice, nullable, nonEmptyText, flag } from '../field-types.ts'
import type { Plain } from '../field.ts'

const DEFAULT_CORPUS = 'translation-de-en'

const isGiven = (value: unknown) => value !== undefined && value !== null

export const DATA = group({
  /** A built-in corpus, or null with `text` or `tokens` given. */
  corpus: computed(nullable(choice(CORPUS_NAMES)), {
    from: (_: object, { text: path, tokens }: Plain) => (isGiven(path) || isGiven(tokens) ? null : DEFAULT_CORPUS),
  }),
  // Ids in a file can only be turned into text by a tokenizer that is not learnt from text.
  tokenizer: field(choice(TOKENIZERS), 'byte', { when: [[is('data.tokens', null)], [is('data.tokenizer', 'gpt2')]] }),
  text: field(nullable(nonEmptyText), null),
  tokens: field(nullable(nonEmptyText), null),
  order: computed(choice(['shuffled', 'sequential']), {
    from: ({ data }: { data: { tokens: string | null } }) => (data.tokens === null ? 'shuffled' : 'sequential'),
  }),
  /** A document of `text` ends at each `<|endoftext|>`. */
  documents: field(flag, false, { when: [[given('data.text')]] }),
})
