import type { Access, OpDraft } from './op-kinds.ts'
import { OP_KINDS } from './op-kinds.ts'
import type { Op, Span } from './program.ts'

/** What any op does with buffers, by the columns `spans` and `names` of its kind. */

type Fields = Readonly<Record<string, unknown>>
type How = Access | ((op: Fields) => Access)
/** By field what is done with its spans; of a list of records, by field of these. */
type Columns = Readonly<Record<string, How | Readonly<Record<string, Access>>>>

const COLUMNS = new Map(
  Object.entries(OP_KINDS).map(([kind, { spans }]) => [kind, Object.entries(spans as unknown as Columns)]),
)

/** What an op reads and writes of each buffer, where it says so. */
export function spansOf(op: OpDraft): { readonly read: readonly Span[]; readonly written: readonly Span[] } {
  const read: Span[] = []
  const written: Span[] = []
  const take = (record: Fields, field: string, how: How) => {
    const value = record[field] as Span | readonly Span[] | undefined
    if (value === undefined) return
    const spans = Array.isArray(value) ? (value as readonly Span[]) : [value as Span]
    const access = typeof how === 'function' ? how(record) : how
    if (access !== 'written') for (const each of spans) read.push(each)
    if (access !== 'read') for (const each of spans) written.push(each)
  }
  const fields = op as unknown as Fields
  for (const [field, how] of COLUMNS.get(op.kind)!) {
    if (typeof how !== 'object') take(fields, field, how)
    else
      for (const record of fields[field] as readonly Fields[])
        for (const [inner, access] of Object.entries(how)) take(record, inner, access)
  }
  return { read, written }
}

/** The vector an exchange is about, as its rank has it: what it brings, or else what it keeps. */
export function broughtBy(op: OpDraft): readonly Span[] {
  const { read, written } = spansOf(op)
  return read.length > 0 ? read : written
}

/** Buffers that an op reads as a whole, where the name alone says which. */
export function namesReadBy(op: OpDraft): string[] {
  const fields = op as unknown as Fields
  return Object.entries(OP_KINDS[op.kind].names).flatMap(([field, access]) =>
    access === 'read' && fields[field] !== undefined ? [fields[field] as string] : [],
  )
}

/** The op on other buffers, by name. */
export function withBuffers(op: Op, nameOf: (name: string) => string): Op {
  const moved = (span: Span): Span => ({ ...span, buffer: nameOf(span.buffer) })
  const fields = op as unknown as Fields
  const changed: Record<string, unknown> = { reads: op.reads.map(nameOf), writes: op.writes.map(nameOf) }
  for (const [field, how] of COLUMNS.get(op.kind)!) {
    const value = fields[field]
    if (value === undefined) continue
    if (typeof how !== 'object')
      changed[field] = Array.isArray(value) ? (value as readonly Span[]).map(moved) : moved(value as Span)
    else
      changed[field] = (value as readonly Fields[]).map((record) => {
        const spans = Object.keys(how).filter((inner) => record[inner] !== undefined)
        return { ...record, ...Object.fromEntries(spans.map((inner) => [inner, moved(record[inner] as Span)])) }
      })
  }
  for (const field of Object.keys(OP_KINDS[op.kind].names)) {
    const value = fields[field] as string | Readonly<Record<string, string>> | undefined
    if (value === undefined) continue
    changed[field] =
      typeof value === 'string'
        ? nameOf(value)
        : Object.fromEntries(Object.entries(value).map(([role, name]) => [role, nameOf(name)]))
  }
  return { ...op, ...changed }
}
