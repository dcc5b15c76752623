import type { CorpusName } from '../../config/types.ts'
import type { Corpus } from './corpus.ts'
import { addition, brackets, sorting } from './puzzles.ts'
import { translation } from './translation.ts'

/** To add a corpus: a generator, a row here, its name in the configuration. */
export const CORPORA: Readonly<Record<CorpusName, Corpus>> = {
  'translation-de-en': translation,
  addition,
  sorting,
  brackets,
}
