import { isCollective, isCompute } from '../op-kinds.ts'
import type { ComputeOp } from '../program.ts'
import type { Scope } from './fault.ts'
import { invalidProgram } from './fault.ts'

/** Data flow through the buffers of each rank: no read without a writer, no write without a reader, no step missing. */
export function checkFlow(scope: Scope): void {
  for (const rank of scope.lists.keys()) {
    checkReads(scope, rank)
    checkWrites(scope, rank)
    checkCoverage(scope, rank)
    if (scope.extent === 'step') checkState(scope, rank)
  }
}

/** Every read has an earlier writer in its extent, or is of a persistent buffer. */
function checkReads(scope: Scope, rank: number): void {
  const { buffers } = scope.program.ranks[rank]!
  const written = new Set<string>()
  for (const [index, op] of scope.lists[rank]!.entries()) {
    for (const name of op.reads)
      if (!written.has(name) && !buffers.get(name)!.persistent)
        throw invalidProgram(scope, `reads ${name}, which nothing has written yet`, [{ rank, index }])
    for (const name of op.writes) written.add(name)
  }
}

/**
 * Persistent state must be advanced by the step: optimizer state is written, and scratch that is read (a norm, a
 * compression residue) is written by some op of the rank. Parameters may stay constant: their initial values come from
 * outside.
 */
function checkState(scope: Scope, rank: number): void {
  const { buffers, state, prologue, step } = scope.program.ranks[rank]!
  const written = new Set([...prologue, ...step].flatMap((op) => op.writes))
  for (const { span } of [...state.moment1, ...state.moment2])
    if (!written.has(span.buffer)) throw invalidProgram(scope, `rank ${rank} never updates ${span.buffer}`, [])
  for (const [index, op] of step.entries())
    for (const name of op.reads)
      if (buffers.get(name)!.category === 'workspace' && !written.has(name))
        throw invalidProgram(scope, `reads ${name}, which nothing writes`, [{ rank, index }])
}

/** A written buffer is read later or outlives the extent: otherwise its reader is missing. */
function checkWrites(scope: Scope, rank: number): void {
  const { buffers } = scope.program.ranks[rank]!
  const ops = scope.lists[rank]!
  const lastRead = new Map<string, number>()
  for (const [index, op] of ops.entries()) for (const name of op.reads) lastRead.set(name, index)
  for (const [index, op] of ops.entries()) {
    if (op.writes.length === 0 || (isCollective(op) && (op.phase === 'recompute' || op.mayBeUnread))) continue
    const used = op.writes.some((name) => buffers.get(name)!.persistent || (lastRead.get(name) ?? -1) > index)
    if (!used) throw invalidProgram(scope, `writes ${op.writes.join(', ')}, which nobody reads`, [{ rank, index }])
  }
}

/** The phases of a micro-batch that an op covers: a full backward is both input-gradient and weight-gradient. */
const PHASES = {
  forward: ['forward'],
  recompute: ['recomputation'],
  backward: ['input-gradient', 'weight-gradient'],
  backwardInput: ['input-gradient'],
  backwardWeight: ['weight-gradient'],
} as const satisfies Record<ComputeOp['kind'], readonly string[]>

/** Every micro-batch of a stage passes every segment of it in every phase that any micro-batch passes. */
function checkCoverage(scope: Scope, rank: number): void {
  const ops = scope.lists[rank]!
  /** By stage: micro-batches with the first op of each; by stage, phase and segment: the micro-batches that passed. */
  const stages = new Map<number, Map<number, number>>()
  const passed = new Map<string, { stage: number; seen: Set<number> }>()
  for (const [index, op] of ops.entries()) {
    if (!isCompute(op) || op.stage === undefined || op.microbatch === undefined) continue
    const microbatches = stages.get(op.stage) ?? new Map<number, number>()
    stages.set(op.stage, microbatches)
    if (!microbatches.has(op.microbatch)) microbatches.set(op.microbatch, index)
    for (const phase of PHASES[op.kind]) {
      const key = `${phase} of ${op.segment.name} (${op.segment.kind}) on stage ${op.stage}`
      const entry = passed.get(key) ?? { stage: op.stage, seen: new Set<number>() }
      passed.set(key, entry)
      entry.seen.add(op.microbatch)
    }
  }
  for (const [key, { stage, seen }] of passed)
    for (const [microbatch, index] of stages.get(stage)!)
      if (!seen.has(microbatch))
        throw invalidProgram(scope, `no ${key} for micro-batch ${microbatch}`, [{ rank, index }])
}
