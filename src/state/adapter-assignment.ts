import type { FoundAdapter } from '../cluster/browser-run.ts'
import type { AdapterChoice, RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import type { RefusedError } from '../core/errors.ts'
import type { Availability } from './session.ts'
import type { Draft } from './draft-path.ts'
import { readPath } from './draft-path.ts'

export const ADAPTER_CHOICES = ['high-performance', 'low-power', 'fallback'] as const satisfies readonly AdapterChoice[]

/** Ways to assign adapters to ranks: the browser's default, one for all, round-robin, or per rank. */
export const ASSIGNMENTS = ['default', ...ADAPTER_CHOICES, 'turn', 'byRank'] as const
export type Assignment = (typeof ASSIGNMENTS)[number]

/** The choices in a draft, by rank; empty for the browser's default. */
export function choicesOf(draft: Draft): readonly AdapterChoice[] {
  const value = readPath(draft, 'cluster.adapters')
  return Array.isArray(value) ? value.flatMap((each) => ADAPTER_CHOICES.find((choice) => choice === each) ?? []) : []
}

/** A configured choice for which this browser has no adapter; null while the browser has not answered. */
export function refusalOfAdapters({ cluster }: RunConfig, found: Availability | null): RefusedError | null {
  if (cluster.adapters === 'default' || found?.kind !== 'ok') return null
  const offered = ADAPTER_CHOICES.filter((choice) => found.adapters.some(({ choices }) => choices.includes(choice)))
  const missing = cluster.adapters.find((choice) => !offered.includes(choice))
  if (missing === undefined) return null
  return refused('cluster.adapters', 'browser-lacks-adapter', {
    adapter: missing,
    offered: ['default', ...offered].join(', '),
  })
}

/** One choice for each distinct adapter. */
function distinctChoices(found: readonly Pick<FoundAdapter, 'choices'>[]): readonly AdapterChoice[] {
  const first = found.flatMap(({ choices }) => choices[0] ?? [])
  return first.length > 0 ? first : ['high-performance']
}

export function assignedChoices(
  assignment: Assignment,
  ranks: number,
  found: readonly Pick<FoundAdapter, 'choices'>[],
  before: readonly AdapterChoice[],
): 'default' | readonly AdapterChoice[] {
  const each = (choice: (rank: number) => AdapterChoice) => Array.from({ length: ranks }, (_, rank) => choice(rank))
  if (assignment === 'default') return assignment
  const turn = distinctChoices(found)
  if (assignment === 'turn') return each((rank) => turn[rank % turn.length]!)
  if (assignment === 'byRank') return each((rank) => before[rank] ?? turn[0]!)
  return each(() => assignment)
}

/** The shortest description of a draft's choices. */
export function assignmentOf(
  choices: readonly AdapterChoice[],
  found: readonly Pick<FoundAdapter, 'choices'>[],
): Assignment {
  if (choices.length === 0) return 'default'
  const [first] = choices
  if (first !== undefined && choices.every((each) => each === first)) return first
  const turn = assignedChoices('turn', choices.length, found, [])
  return JSON.stringify(turn) === JSON.stringify(choices) ? 'turn' : 'byRank'
}
