import type { CorpusName } from '../../config/types.ts'

/** An example prompt for each corpus; separate from the generators, which a page needs only for training. */
export const PROMPTS: Readonly<Record<CorpusName, string>> = {
  'translation-de-en': 'ein kleiner Hund sieht die Katze > ',
  addition: '12+30=',
  sorting: 'dbca>',
  brackets: '([{',
}
