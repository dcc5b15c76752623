import type { RunConfig } from '../config/types.ts'
import type { Draft } from './draft-path.ts'
import { readPath, writePath } from './draft-path.ts'
import type { Session } from './session.ts'
import type { StrategyId } from './strategies.ts'
import { STRATEGIES, withStrategy } from './strategies.ts'

/** A change that saves memory. */
export type MemoryChange =
  | { readonly kind: 'recompute'; readonly to: 'selective' | 'full' }
  | { readonly kind: 'microbatches'; readonly to: number }
  | { readonly kind: 'offload' }
  | { readonly kind: 'strategy'; readonly to: StrategyId }

/** An attempt and its memory. */
export interface FitAttempt {
  /** One change, or two together. */
  readonly changes: readonly MemoryChange[]
  readonly draft: Draft
  /** Predicted peak of the fullest device, bytes; null where it does not compile. */
  readonly peak: number | null
}

/** Changes under which the same model and global batch stay within the memory budget. */
export interface Fit extends FitAttempt {
  readonly peak: number
}

export interface FitSearch {
  /** Least invasive first: how the step is computed, then how the model is split. */
  readonly fits: readonly Fit[]
  /** All attempts, so that the page claims no more than was tried. */
  readonly tried: readonly FitAttempt[]
}

/** Strategies that hold less on a device, those that shard state before those that split the model. */
const STRATEGIES_TRIED: readonly StrategyId[] = ['zero1', 'zero2', 'zero3', 'tensor', 'pipeline']
/** Micro-batches are tried at these multiples of the current count; the first that fits is offered. */
const MULTIPLES = [2, 4, 8, 16]

/**
 * Searches changes that fit the budget of `config`: single ones first; only if none fits, full recomputation together
 * with each. At most two dozen Programs are planned.
 */
export async function findFits(
  session: Pick<Session, 'parse' | 'peaks'>,
  draft: Draft,
  config: RunConfig,
  signal: AbortSignal = new AbortController().signal,
): Promise<FitSearch> {
  const budget = config.cluster.memoryBytes ?? Infinity
  const isFit = (each: FitAttempt): each is Fit => each.peak !== null && each.peak <= budget
  const measure = async (candidates: readonly (readonly MemoryChange[])[]): Promise<FitAttempt[]> => {
    const valid = candidates.flatMap((changes) => {
      const changed = changes.reduce((before, change) => withChange(session, before, change), draft)
      const parsed = session.parse(changed)
      return parsed.kind === 'ok' ? [{ changes, draft: changed, config: parsed.config }] : []
    })
    const peaks = await session.peaks(
      valid.map((each) => each.config),
      signal,
    )
    return valid.map(({ changes, draft: changed }, i) => ({ changes, draft: changed, peak: peaks[i] ?? null }))
  }
  const single = changesOf(config)
  const tried = await measure(single.map((change) => [change]))
  const full: MemoryChange = { kind: 'recompute', to: 'full' }
  if (!tried.some(isFit) && config.parallel.recompute !== 'full')
    tried.push(...(await measure(single.filter(({ kind }) => kind !== 'recompute').map((change) => [full, change]))))
  return { fits: fewestMicrobatches(tried.filter(isFit)), tried }
}

/** Changes that apply to the configuration; its own checks refuse the rest. */
function changesOf(config: RunConfig): MemoryChange[] {
  const { batch, parallel } = config
  const recompute = (['selective', 'full'] as const).slice(['none', 'selective', 'full'].indexOf(parallel.recompute))
  return [
    ...recompute.map((to): MemoryChange => ({ kind: 'recompute', to })),
    ...MULTIPLES.map((multiple): MemoryChange => ({ kind: 'microbatches', to: multiple * batch.microbatches })),
    ...(parallel.zero === 3 && !parallel.fsdp.cpuOffload ? [{ kind: 'offload' } as const] : []),
    ...STRATEGIES_TRIED.flatMap((to): MemoryChange[] =>
      STRATEGIES.find(({ id }) => id === to)?.matches(config) ? [] : [{ kind: 'strategy', to }],
    ),
  ]
}

function withChange(session: Pick<Session, 'parse'>, draft: Draft, change: MemoryChange): Draft {
  switch (change.kind) {
    case 'recompute':
      return writePath(draft, 'parallel.recompute', change.to)
    case 'microbatches':
      return writePath(draft, 'batch.microbatches', change.to)
    case 'offload':
      return writePath(draft, 'parallel.fsdp.cpuOffload', true)
    case 'strategy': {
      const strategy = STRATEGIES.find(({ id }) => id === change.to)
      const parsed = session.parse(draft)
      if (strategy === undefined || parsed.kind === 'refused') return draft
      const recompute = readPath(draft, 'parallel.recompute')
      const chosen = withStrategy(draft, parsed.config, strategy)
      return typeof recompute === 'string' ? writePath(chosen, 'parallel.recompute', recompute) : chosen
    }
  }
}

/** More micro-batches than needed have no benefit. */
function fewestMicrobatches(fits: readonly Fit[]): Fit[] {
  const cuts = ({ changes }: Fit) => changes.some(({ kind }) => kind === 'microbatches')
  const first = fits.find(cuts)
  return fits.filter((fit) => !cuts(fit) || fit === first)
}
