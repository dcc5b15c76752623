import type { SimulatedRank } from '../sim/simulate.ts'

/** A device of a node, for drawing. */
export interface NodeDevice {
  readonly pipeline: number
  readonly tensor: number
  /** Predicted peak. */
  readonly bytes: number
}

/** Nodes whose devices hold the same stages, shards and bytes: drawn once. */
export interface NodeKind {
  readonly count: number
  /** The first of them. */
  readonly first: number
  readonly devices: readonly NodeDevice[]
}

/** Ranks fill nodes in order; nodes that differ only in the replica are one kind. In order of first occurrence. */
export function nodeKinds(ranks: readonly SimulatedRank[], devicesPerNode: number): NodeKind[] {
  const kinds = new Map<string, { count: number; first: number; devices: NodeDevice[] }>()
  for (let from = 0; from < ranks.length; from += devicesPerNode) {
    const devices = ranks.slice(from, from + devicesPerNode).map(({ coordinates, predictedBytes }) => ({
      pipeline: coordinates.pipeline,
      tensor: coordinates.tensor,
      bytes: predictedBytes.total,
    }))
    const key = JSON.stringify(devices)
    const known = kinds.get(key)
    if (known) known.count++
    else kinds.set(key, { count: 1, first: from / devicesPerNode, devices })
  }
  return [...kinds.values()]
}

/** "3", "0–3", "0, 2": a compact list of numbers. */
export function rangesOf(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  const runs: [number, number][] = []
  for (const each of sorted) {
    const last = runs.at(-1)
    if (last && each === last[1] + 1) last[1] = each
    else runs.push([each, each])
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ')
}
