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
 * Blocks of all ranks together up to which every rank is replayed on its own: parts of vectors differ by an element, and so
 * do their bytes. Beyond, the first of those that do the same stands for all.
 */
const MOST_SINGLE_BLOCKS = 64

export interface ReplayOptions {
  /** Keeps the bytes after every op. */
  readonly curve?: boolean
  /** Keeps no op's start and end: for who wants the step and the peaks alone. */
  readonly totalsOnly?: boolean
  /** Ranks that do alike are walked once also where all could be walked singly: bytes may be off by an element. */
  readonly likeRanksOnce?: boolean
}

/** A step replayed: a walk for each kind of rank. */
export interface Replay {
  readonly fold: ProgramFold
  readonly walks: readonly Walk[]
  /** By rank, the walk that stands for it. */
  readonly walkOf: Int32Array
  readonly stepSeconds: number
}

/** Which rank is walked, and whose ops it walks through: replicas that hold alike do the same at other times. */
interface Walker {
  readonly rank: number
  readonly lowered: number
}

/**
 * Ranks that do the same at the same time are walked once. Replicas do where their micro-batches are of the same sizes,
 * nobody serves them, and nothing slows one of them down; ranks of a tensor group always but for the last.
 */
function walkersOf(
  config: RunConfig,
  sizesOf: (data: number) => readonly number[],
  slowdown: ReadonlyMap<number, number>,
  ranks: number,
  likeRanksOnce: boolean,
): { walkers: Walker[]; walkOf: Int32Array } {
  const { parallel } = config
  const { data: D, tensor: T, dataMode } = parallel
  const world = meshSize(parallel)
  const walkers: Walker[] = []
  const walkOf = new Int32Array(ranks).fill(-1)
  const single =
    !likeRanksOnce &&
    meshSize(parallel, ['data', 'tensor']) * Math.max(parallel.pipeline, config.model.layers) <= MOST_SINGLE_BLOCKS
  const served = dataMode !== 'ddp' && D > 1
  const slowOf = (axis: 'data' | 'tensor', at: number) =>
    [...slowdown]
      .filter(([rank]) => coordinatesAt(parallel, rank)[axis] === at)
      .map(([rank, by]) => `${rank}:${by}`)
      .join(' ')
  // Each replica decodes the part it was the root of: the last to be one holds all others up.
  const lastStands = parallel.compression.kind === 'int8'
  /** By key, the first or the last of its kind. */
  const kinds = (count: number, keyOf: (at: number) => string, last = false) => {
    const chosen = new Map<string, number>()
    const keys = Array.from({ length: count }, (_, at) => keyOf(at))
    for (const [at, key] of keys.entries()) if (last || !chosen.has(key)) chosen.set(key, at)
    return keys.map((key) => chosen.get(key)!)
  }
  const shapeOf = kinds(
    D,
    (d) => (single ? `${d}` : `${served && d === 0 ? 'root ' : ''}${sizesOf(d).join(' ')}`),
    lastStands,
  )
  const dataOf = kinds(D, (d) => (single || served ? `${d}` : `${shapeOf[d]} ${slowOf('data', d)}`), lastStands)
  const tensorOf = kinds(T, (t) => `${single ? Math.min(t, 1) : ''} ${slowOf('tensor', t)}`)
  const standInOf = Array.from({ length: world }, (_, rank) => {
    const { data, tensor, pipeline } = coordinatesAt(parallel, rank)
    return rankAt(parallel, { data: dataOf[data]!, pipeline, tensor: tensorOf[tensor]! })
  })
  for (const [rank, standIn] of standInOf.entries()) {
    if (standIn !== rank) continue
    const at = coordinatesAt(parallel, rank)
    walkOf[rank] = walkers.length
    walkers.push({ rank, lowered: rankAt(parallel, { ...at, data: shapeOf[at.data]! }) })
  }
  for (const [rank, standIn] of standInOf.entries()) walkOf[rank] = walkOf[standIn]!
  for (let rank = world; rank < ranks; rank++) {
    walkOf[rank] = walkers.length
    walkers.push({ rank, lowered: rank })
  }
  return { walkers, walkOf }
}

/**
 * Replays one step of a configuration's Program, folded: by the rules of `clockProgram` and `planMemory`, without ever
 * writing the Program out. Deterministic.
 *
 * @param slowdown by rank, what its compute takes times as long
 * @throws RefusedError for what no strategy covers; InvalidProgramError when ranks wait for each other for ever
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
  const { walkers, walkOf } = walkersOf(config, sizesOf, slowdown, builder.ranks, options.likeRanksOnce ?? false)
  const codes = new Map<number, RankCode>()
  const walks: Walk[] = []
  const links = new Links(
    (rank) => walkOf[rank]!,
    () => walks,
  )
  for (const { rank, lowered } of walkers) {
    let code = codes.get(lowered)
    if (code === undefined) codes.set(lowered, (code = codeOf(fold.shared(lowered))))
    const elsewhere = new Relocation(config, code.folded.rank.rank, rank)
    walks.push(new Walk(code, elsewhere, slowdown.get(rank) ?? 1, costs, links, options))
  }
  for (const walk of walks) walk.run()
  for (let walk = links.ready.pop(); walk !== undefined; walk = links.ready.pop()) walk.run()
  const stuck = walks.find((walk) => !walk.done || walk.isPending)
  if (stuck) {
    const op = stuck.current
    throw new InvalidProgramError(`rank ${stuck.rank} waits for ever at ${op ? opText(op) : 'its last exchange'}`)
  }
  let stepSeconds = 0
  for (const walk of walks) stepSeconds = Math.max(stepSeconds, walk.last)
  return { fold, walks, walkOf, stepSeconds }
}
