import type { RunConfig } from '../config/types.ts'
import { configName } from '../export/file-name.ts'
import type { RunState } from './run-state.ts'
import type { Series } from './series.ts'

/** What the page keeps of the previous run, for comparison with the next. */
export interface PreviousRun {
  readonly name: string
  readonly loss: Series
  /** Measured bytes that the busiest rank sent in a step; null when nothing was sent. */
  readonly sentBytes: number | null
}

const compressionOf = ({ parallel: { compression } }: RunConfig): string => {
  if (compression.kind !== 'topk') return compression.kind === 'none' ? '' : ` ${compression.kind}`
  return ` top-k ${compression.ratio * 100} %${compression.errorFeedback ? '' : ', no error feedback'}`
}

const runName = (config: RunConfig): string => configName(config) + compressionOf(config)

/** The run that ends now, or null when it produced nothing. */
export function previousOf({ config, ranks, step }: RunState, loss: Series): PreviousRun | null {
  if (config === null || step === null || loss.length < 2) return null
  const sent = ranks.flatMap(({ sentBytes }) => (sentBytes === null ? [] : [sentBytes]))
  return { name: runName(config), loss: loss.copy(), sentBytes: sent.length === 0 ? null : Math.max(...sent) }
}
