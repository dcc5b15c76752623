import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import type { DataSources, Source } from './sources.ts'
import { openSource } from './sources.ts'
import { trainBpe } from './tokenizers/bpe.ts'
import { byteTokenizer } from './tokenizers/byte.ts'
import { charTokenizer, charactersOf } from './tokenizers/char.ts'
import { END_CHARACTER, hasDocumentEnd, withDocumentEnds } from './tokenizers/document-ends.ts'
import { loadGpt2Tokenizer } from './tokenizers/gpt2.ts'
import { openTokenizer } from './tokenizers/open.ts'
import type { Tokenizer, TokenizerState } from './tokenizers/tokenizer.ts'

export type OnProgress = (what: string, fraction: number | null, detail: string) => void

/**
 * The tokenizer of a configuration: that of the initial weights where they bring one, else built, from the data where
 * its vocabulary is learned. Throws RefusedError.
 * @param source the data, opened on demand
 */
export async function tokenizerFor(
  config: RunConfig,
  sources: DataSources,
  progress: OnProgress = () => {},
  source: () => Promise<Source> = () => openSource(config, sources),
): Promise<Tokenizer> {
  if (sources.tokenizer) return givenTokenizer(config, sources.tokenizer)
  const tokenizer = await madeTokenizer(config, source, progress, sources.signal)
  return config.data.documents ? withDocumentEnds(tokenizer) : tokenizer
}

async function madeTokenizer(
  config: RunConfig,
  source: () => Promise<Source>,
  progress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<Tokenizer> {
  const { vocab } = config.model
  switch (config.data.tokenizer) {
    case 'byte':
      return byteTokenizer
    case 'char': {
      const { texts } = await source()
      // Including held-out text: a character that occurs only there would have no id.
      const characters = charactersOf([...texts('train'), ...texts('validation')])
      return charTokenizer(config.data.documents ? [END_CHARACTER, ...characters] : characters)
    }
    case 'bpe':
      if (vocab < 257) throw refused('model.vocab', 'bpe-needs-larger-vocab', { vocab })
      return trainBpe(
        (await source()).texts('train'),
        vocab,
        (f) => progress('tokenizer', f, 'learning merges'),
        signal,
      )
    case 'gpt2':
      progress('tokenizer', null, 'loading GPT-2 tables')
      return loadGpt2Tokenizer()
  }
}

/** Continuing with ids other than those the weights were trained on would be meaningless. */
async function givenTokenizer({ data }: RunConfig, state: TokenizerState): Promise<Tokenizer> {
  if (state.kind !== data.tokenizer)
    throw refused('data.tokenizer', 'tokenizer-differs', { tokenizer: data.tokenizer, trained: state.kind })
  const { documents: _, ...plain } = state
  const tokenizer = await openTokenizer(plain)
  if (!data.documents) return tokenizer
  if (!hasDocumentEnd(tokenizer)) throw refused('data.documents', 'tokenizer-without-document-end')
  return withDocumentEnds(tokenizer)
}
