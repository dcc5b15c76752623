import type { CorpusName } from '../../config/types.ts'

/** What a sample of each corpus begins with; apart from the generators, which a page needs only when it trains. */
export const PROMPTS: Readonly<Record<CorpusName, string>> = {
  'translation-de-en': 'ein kleiner Hund sieht die Katze > ',
  addition: '12+30=',
  sorting: 'dbca>',
  brackets: '([{',
}
