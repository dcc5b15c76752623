import { hexOf, sha256 } from '../core/sha256.ts'
import type { ParameterSpec } from '../model/parameters.ts'
import { shardRuns } from '../model/shards.ts'
import type { Holding, Program, RankProgram } from '../schedule/program.ts'
import type { TensorPiece, StateKind } from './protocol.ts'

/** Where a rank holds a kind of state. Compression residues belong to no tensor: they go by their buffer's name. */
export function holdingsOf(program: RankProgram, state: StateKind): readonly Holding[] {
  if (state !== 'residue') return program.state[state]
  return program.step.flatMap((op) =>
    op.kind === 'encode' && op.residue ? [{ tensor: op.residue.buffer, from: 0, span: op.residue }] : [],
  )
}

/** Which ranks to ask for which tensors, so that each element is fetched about once. */
export function sourcesOf(program: Program, state: StateKind): Map<number, string[]> {
  const covered = new Set<string>()
  const sources = new Map<number, string[]>()
  for (const rank of program.ranks)
    for (const holding of holdingsOf(rank, state)) {
      const key = `${holding.tensor} ${rank.coordinates.tensor} ${holding.from} ${holding.span.length}`
      if (covered.has(key)) continue
      covered.add(key)
      const tensors = sources.get(rank.rank) ?? []
      if (!tensors.includes(holding.tensor)) tensors.push(holding.tensor)
      sources.set(rank.rank, tensors)
    }
  return sources
}

/** Whole tensors by name from the pieces of many ranks (tensor shards joined, vocabulary padding dropped). */
export function assemble(
  specs: readonly ParameterSpec[],
  tensor: number,
  pieces: readonly { readonly tensorIndex: number; readonly piece: TensorPiece }[],
): Map<string, Float32Array> {
  const byName = new Map(specs.map((spec) => [spec.name, spec]))
  const whole = new Map(specs.map((spec) => [spec.name, new Float32Array(spec.shape.reduce((a, b) => a * b, 1))]))
  for (const { tensorIndex, piece } of pieces) {
    const spec = byName.get(piece.tensor)
    const out = whole.get(piece.tensor)
    if (!spec || !out) continue
    for (const run of shardRuns(spec, tensor, tensorIndex)) {
      const low = Math.max(piece.from, run.local)
      const high = Math.min(piece.from + piece.data.length, run.local + run.length)
      if (high > low) out.set(piece.data.subarray(low - piece.from, high - piece.from), run.global + low - run.local)
    }
  }
  return whole
}

/** The part of a whole tensor that one of a rank's holdings takes. */
export function partFor(
  spec: ParameterSpec,
  tensor: number,
  index: number,
  holding: Holding,
  whole: Float32Array,
): TensorPiece {
  const data = new Float32Array(holding.span.length)
  for (const run of shardRuns(spec, tensor, index)) {
    const low = Math.max(holding.from, run.local)
    const high = Math.min(holding.from + data.length, run.local + run.length)
    const start = run.global + low - run.local
    if (high > low) data.set(whole.subarray(start, start + high - low), low - holding.from)
  }
  return { tensor: spec.name, from: holding.from, data }
}

/** SHA-256 over names and values in table order: equal runs have equal hashes. */
export async function hashTensors(
  specs: readonly ParameterSpec[],
  whole: ReadonlyMap<string, Float32Array>,
): Promise<string> {
  let previous = new Uint8Array(0)
  for (const spec of specs) {
    const values = whole.get(spec.name)!
    const name = new TextEncoder().encode(spec.name)
    const bytes = new Uint8Array(previous.length + name.length + values.byteLength)
    bytes.set(previous)
    bytes.set(name, previous.length)
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), previous.length + name.length)
    previous = await sha256(bytes)
  }
  return hexOf(previous)
}
