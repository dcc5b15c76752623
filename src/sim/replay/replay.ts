import { coordinatesAt, meshSize, rankAt } from '../../core/mesh.ts'
import type { RunConfig } from '../../config/types.ts'
import { InvalidProgramError } from '../../core/errors.ts'
import { opText } from '../../schedule/text.ts'
import { ProgramFold } from '../../strategy/fold.ts'
import { codeOf, type RankCode } from './code.ts'
import { Links } from './links.ts'
import { Relocation } from './relocation.ts'
import { Walk, type ReplayCosts } from './walk.ts'

/**
 * Up to this many blocks on all ranks together, every rank is replayed on its own: shards, and so their bytes, differ
 * by an element. Beyond it, one of the ranks that do the same represents them all.
 */
const MAX_UNMERGED_BLOCKS = 64
/** Where owners hold different parts one of them is a coarser stand-in: eight replicas of GPT-2 are still walked singly. */
const MAX_UNMERGED_OWNER_BLOCKS = 100

export interface ReplayOptions {
  /** Keeps the bytes after every op. */
  readonly curve?: boolean
  /** Keeps only the step time and the peaks, no op's start and end. */
  readonly totalsOnly?: boolean
  /** Walks equal ranks once even in a small cluster: bytes may be off by an element. */
  readonly mergeEqualRanks?: boolean
}

/** A replayed step: one walk for each kind of rank. */
export interface Replay {
  readonly fold: ProgramFold
  readonly walks: readonly Walk[]
  /** By rank: the index of the walk that represents it. */
  readonly walkOf: Int32Array
  readonly stepSeconds: number
}

/** A rank to walk, and the rank whose ops it walks: equal replicas share ops but not times. */
interface WalkedRank {
  readonly rank: number
  readonly lowered: number
}

/**
 * Ranks that do the same at the same time are walked once: replicas with micro-batches of the same sizes, no server and
 * the same stragglers, and ranks of a tensor group with the same stragglers.
 */
function walkedRanks(
  config: RunConfig,
  sizesOf: (data: number) => readonly number[],
  slowdown: ReadonlyMap<number, number>,
  ranks: number,
  mergeEqualRanks: boolean,
): { walked: WalkedRank[]; walkOf: Int32Array } {
  const { parallel } = config
  const { data: D, tensor: T, dataMode } = parallel
  const world = meshSize(parallel)
  const walked: WalkedRank[] = []
  const walkOf = new Int32Array(ranks).fill(-1)
  const hasOwners = parallel.zero > 0 || parallel.compression.kind !== 'none'
  const blocks = meshSize(parallel, ['data', 'tensor']) * Math.max(parallel.pipeline, config.model.layers)
  const unmerged = !mergeEqualRanks && blocks <= (hasOwners ? MAX_UNMERGED_OWNER_BLOCKS : MAX_UNMERGED_BLOCKS)
  const served = dataMode !== 'ddp' && D > 1
  const stragglersOf = (axis: 'data' | 'tensor', at: number) =>
    [...slowdown]
      .filter(([rank]) => coordinatesAt(parallel, rank)[axis] === at)
      .map(([rank, by]) => `${rank}:${by}`)
      .join(' ')
  // Each replica decodes the part it is the root of; all others wait for the last.
  const lastRepresents = parallel.compression.kind === 'int8' || parallel.compression.kind === 'fp16'
  /** By index: the first or last index with the same key. */
  const representatives = (count: number, keyOf: (at: number) => string, last = false) => {
    const chosen = new Map<string, number>()
    const keys = Array.from({ length: count }, (_, at) => keyOf(at))
    for (const [at, key] of keys.entries()) if (last || !chosen.has(key)) chosen.set(key, at)
    return keys.map((key) => chosen.get(key)!)
  }
  const shapeOf = representatives(
    D,
    (d) => (unmerged ? `${d}` : `${served && d === 0 ? 'root ' : ''}${sizesOf(d).join(' ')}`),
    lastRepresents,
  )
  const dataOf = representatives(
    D,
    (d) => (unmerged || served ? `${d}` : `${shapeOf[d]} ${stragglersOf('data', d)}`),
    lastRepresents,
  )
  const tensorOf = representatives(T, (t) => `${unmerged ? Math.min(t, 1) : ''} ${stragglersOf('tensor', t)}`)
  const standInOf = Array.from({ length: world }, (_, rank) => {
    const { data, tensor, pipeline } = coordinatesAt(parallel, rank)
    return rankAt(parallel, { data: dataOf[data]!, pipeline, tensor: tensorOf[tensor]! })
  })
  for (const [rank, standIn] of standInOf.entries()) {
    if (standIn !== rank) continue
    const at = coordinatesAt(parallel, rank)
    walkOf[rank] = walked.length
    walked.push({ rank, lowered: rankAt(parallel, { ...at, data: shapeOf[at.data]! }) })
  }
  for (const [rank, standIn] of standInOf.entries()) walkOf[rank] = walkOf[standIn]!
  for (let rank = world; rank < ranks; rank++) {
    walkOf[rank] = walked.length
    walked.push({ rank, lowered: rank })
  }
  return { walked, walkOf }
}

/**
 * Replays one step of a configuration's folded Program by the rules of `clockProgram` and `planMemory`, without
 * unfolding it. Deterministic.
 *
 * @param slowdown by rank: the factor on its compute time
 * @throws RefusedError for what no strategy covers; InvalidProgramError when ranks deadlock
 */
export function replay(
  config: RunConfig,
  costs: ReplayCosts,
  slowdown: ReadonlyMap<number, number> = new Map(),
  options: ReplayOptions = {},
): Replay {
  const fold = new ProgramFold(config)
  const { builder } = fold
  const sizesOf = (data: number) => builder.samplesOf(data).map((samples) => samples.length)
  const { walked, walkOf } = walkedRanks(config, sizesOf, slowdown, builder.ranks, options.mergeEqualRanks ?? false)
  const codes = new Map<number, RankCode>()
  const walks: Walk[] = []
  const links = new Links(
    (rank) => walkOf[rank]!,
    () => walks,
  )
  for (const { rank, lowered } of walked) {
    let code = codes.get(lowered)
    if (code === undefined) codes.set(lowered, (code = codeOf(fold.shared(lowered))))
    const relocation = new Relocation(config, code.folded.rank.rank, rank, builder.orders.stageToRank)
    walks.push(new Walk(code, relocation, slowdown.get(rank) ?? 1, costs, links, options))
  }
  for (const walk of walks) walk.run()
  for (let walk = links.ready.pop(); walk !== undefined; walk = links.ready.pop()) walk.run()
  const stuck = walks.find((walk) => !walk.done || walk.isPending)
  if (stuck) {
    const op = stuck.current
    throw new InvalidProgramError(`rank ${stuck.rank} waits for ever at ${op ? opText(op) : 'its last exchange'}`)
  }
  let stepSeconds = 0
  for (const walk of walks) stepSeconds = Math.max(stepSeconds, walk.lastEnd)
  return { fold, walks, walkOf, stepSeconds }
}
