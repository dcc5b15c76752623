import { weightsMetadata, checkModel, readWeightsMetadata } from '../checkpoint/weights-metadata.ts'
import type { LoadOptions } from '../checkpoint/load-weights.ts'
import { loadWeights } from '../checkpoint/load-weights.ts'
import type { SafetensorsFile } from '../checkpoint/safetensors.ts'
import type { RunConfig } from '../config/types.ts'
import { readTokenizerText, tokenizerText } from '../data/tokenizers/state-text.ts'
import type { Tokenizer, TokenizerState } from '../data/tokenizers/tokenizer.ts'
import { parameterTable } from '../model/parameters.ts'

/** The tokenizer as weights metadata; null where the meaning of the ids is unknown (tokens made elsewhere). */
export function tokenizerMetadata({ data, model }: RunConfig, { kind, state, vocabSize }: Tokenizer): string | null {
  const foreign = data.tokens !== null && kind === 'byte' && model.vocab > vocabSize
  return foreign ? null : tokenizerText(state)
}

/** Metadata of this run's weights, so that they can be used without the configuration. */
export function runWeightsMetadata(config: RunConfig, tokenizer: Tokenizer): Record<string, string> {
  return weightsMetadata(config, tokenizerMetadata(config, tokenizer))
}

/** A weights file opened for a run: its header is read and checked, its tensors are not read yet. */
export interface GivenWeights {
  /** Of the training that produced the weights, where the file states it. */
  readonly tokenizer: TokenizerState | null
  load(): Promise<Map<string, Float32Array>>
}

/**
 * Throws RefusedError on `field` where the file states a different model.
 * @param options the origin of the file, and how to treat missing biases
 */
export function openGivenWeights(
  config: RunConfig,
  file: SafetensorsFile,
  options: LoadOptions & { readonly field: string },
): GivenWeights {
  const about = readWeightsMetadata(file.header, options.field)
  checkModel(about, config.model, options.field)
  return {
    tokenizer: about.tokenizer === null ? null : readTokenizerText(about.tokenizer, options.field),
    load: () => loadWeights(file, parameterTable(config.model), options),
  }
}
