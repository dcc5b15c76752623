import { refused } from '../core/errors.ts'
import { OP_KINDS } from './op-kinds.ts'
import type { BufferSpec, Program, RankProgram } from './program.ts'

/** A Program as JSON values: a rank's buffer Map becomes an ordered list, everything else is unchanged. */
interface ProgramJson extends Omit<Program, 'ranks'> {
  readonly ranks: readonly (Omit<RankProgram, 'buffers'> & { readonly buffers: readonly BufferSpec[] })[]
}

export function programToJson(program: Program, indent?: number): string {
  const json: ProgramJson = {
    ...program,
    ranks: program.ranks.map((rank) => ({ ...rank, buffers: [...rank.buffers.values()] })),
  }
  return JSON.stringify(json, null, indent)
}

/**
 * The inverse of `programToJson`. Throws RefusedError for text that is not a Program; `validateProgram` checks the
 * rest.
 */
export function programFromJson(text: string): Program {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refused('program', 'program-not-json')
  }
  if (!isProgramJson(value)) throw refused('program', 'program-incomplete')
  return {
    ...value,
    ranks: value.ranks.map((rank) => ({
      ...rank,
      buffers: new Map(rank.buffers.map((spec) => [spec.name, spec])),
    })),
  }
}

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isListOf(value: unknown, each: (item: Fields) => boolean): boolean {
  return Array.isArray(value) && value.every((item: unknown) => isFields(item) && each(item))
}

function isProgramJson(value: unknown): value is ProgramJson {
  return isFields(value) && typeof value.world === 'number' && isFields(value.groups) && isListOf(value.ranks, isRank)
}

function isRank(rank: Fields): boolean {
  return (
    typeof rank.rank === 'number' &&
    isFields(rank.coordinates) &&
    isFields(rank.state) &&
    isListOf(rank.buffers, (spec) => typeof spec.name === 'string' && typeof spec.elements === 'number') &&
    [rank.prologue, rank.step, rank.epilogue].every((ops) => isListOf(ops, isOp))
  )
}

function isOp(op: Fields): boolean {
  return (
    typeof op.id === 'number' &&
    typeof op.kind === 'string' &&
    Object.hasOwn(OP_KINDS, op.kind) &&
    typeof op.stream === 'string' &&
    Array.isArray(op.reads) &&
    Array.isArray(op.writes)
  )
}
