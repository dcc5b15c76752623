import { lengthOf } from '../../core/parts.ts'
import { spansOf } from '../op-buffers.ts'
import type { BufferSpec, Op, Span, Update } from '../program.ts'
import type { Scope } from './fault.ts'
import { invalidProgram } from './fault.ts'

/** Every op on its own: buffers declared, spans within them and listed as reads and writes, vector lengths matching. */
export function checkOps(scope: Scope): void {
  for (const [rank, ops] of scope.lists.entries()) {
    const { buffers } = scope.program.ranks[rank]!
    for (const [index, op] of ops.entries()) {
      const fault = faultOf(op, buffers)
      if (fault !== null) throw invalidProgram(scope, fault, [{ rank, index }])
    }
  }
}

function faultOf(op: Op, buffers: ReadonlyMap<string, BufferSpec>): string | null {
  for (const name of op.reads) if (!buffers.has(name)) return `reads ${name}, which is not declared`
  for (const name of op.writes) if (!buffers.has(name)) return `writes ${name}, which is not declared`
  const { read, written } = spansOf(op)
  for (const span of read) {
    if (!op.reads.includes(span.buffer)) return `takes from ${span.buffer} without listing it as read`
    const fault = outside(span, buffers)
    if (fault !== null) return fault
  }
  for (const span of written) {
    if (!op.writes.includes(span.buffer)) return `fills ${span.buffer} without listing it as written`
    const fault = outside(span, buffers)
    if (fault !== null) return fault
  }
  return lengthFault(op)
}

function outside({ buffer, offset, length }: Span, buffers: ReadonlyMap<string, BufferSpec>): string | null {
  const { elements } = buffers.get(buffer)!
  const whole = Number.isInteger(offset) && Number.isInteger(length)
  if (whole && offset >= 0 && length >= 0 && offset + length <= elements) return null
  return `elements ${offset} to ${offset + length} lie outside ${buffer}, which has ${elements}`
}

/** Persistent state of an update. */
function statesOf({ master, moment1, moment2 }: Update): Span[] {
  return [master, moment1, moment2].filter((each) => each !== undefined)
}

function lengthFault(op: Op): string | null {
  if (op.kind === 'add' || op.kind === 'offload' || op.kind === 'fetch') {
    const [from, to] = [lengthOf(op.source), lengthOf(op.target)]
    return from === to ? null : `${from} elements do not fit ${to}`
  }
  if (op.kind === 'optimizerStep')
    for (const update of op.updates) {
      const { parameter, gradient } = update
      for (const other of [gradient, ...statesOf(update)])
        if (other.length !== parameter.length)
          return `${other.buffer} gives ${other.length} elements for ${parameter.length} of ${parameter.buffer}`
    }
  return null
}
