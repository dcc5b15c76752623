import type { RunConfig } from '../config/types.ts'
import type { Draft } from './draft-path.ts'
import { readPath, writePath } from './draft-path.ts'
import type { Session } from './session.ts'
import type { StrategyId } from './strategies.ts'
import { STRATEGIES, withStrategy } from './strategies.ts'

/** A strategy under which the same model and batch stay within the memory budget. */
export interface Fit {
  readonly id: StrategyId
  readonly draft: Draft
  /** Predicted peak of the fullest device, bytes. */
  readonly peak: number
}

/** In the order of what they change: state is sharded first, the model split last. */
const CANDIDATES: readonly StrategyId[] = ['zero1', 'zero2', 'zero3', 'tensor', 'pipeline']

/** Compiles each candidate in a turn of its own, so that the page goes on answering. */
export async function findFits(
  session: Pick<Session, 'parse' | 'plan'>,
  draft: Draft,
  config: RunConfig,
  wanted: () => boolean = () => true,
): Promise<Fit[]> {
  const fits: Fit[] = []
  for (const id of CANDIDATES) {
    await new Promise((resolve) => setTimeout(resolve))
    if (!wanted()) break
    const fit = await tryStrategy(session, draft, config, id)
    if (fit !== null) fits.push(fit)
  }
  return fits
}

async function tryStrategy(
  session: Pick<Session, 'parse' | 'plan'>,
  draft: Draft,
  config: RunConfig,
  id: StrategyId,
): Promise<Fit | null> {
  const strategy = STRATEGIES.find((each) => each.id === id)
  if (strategy === undefined || strategy.matches(config)) return null
  const recompute = readPath(draft, 'parallel.recompute')
  const chosen = withStrategy(draft, config, strategy)
  const other = typeof recompute === 'string' ? writePath(chosen, 'parallel.recompute', recompute) : chosen
  const parsed = session.parse(other)
  if (parsed.kind === 'refused') return null
  try {
    const plan = await session.plan(parsed.config)
    if (plan.overBudget !== null) return null
    return { id, draft: other, peak: Math.max(...plan.ranks.map((rank) => rank.peak.total)) }
  } catch {
    // What does not compile does not fit.
    return null
  }
}
