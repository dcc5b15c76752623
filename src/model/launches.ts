import type { ComputeKind, OpDims, SegmentRef } from '../core/segments.ts'
import { HALVES } from '../core/segments.ts'
import { WORD_BYTES } from '../core/dtypes.ts'
import { valueOf } from '../core/expression.ts'
import type { Launch } from './kernels.ts'
import type { Call, SegmentSpec, SizeSymbol } from './segment.ts'
import { segmentOf } from './segments/registry.ts'

/**
 * The kernels of a compute op: those of its segment (model/segments/), forward, backward, or backward split into its
 * input-gradient (I) and weight-gradient (W) half. `args` maps the segment's roles to buffer names.
 */
export interface ComputeWork {
  readonly kind: ComputeKind
  readonly segment: SegmentRef
  readonly dims: OpDims
  readonly args: Readonly<Record<string, string>>
  readonly accumulate: boolean
}

/** Sizes by symbol, as held by one rank. */
export function sizeSymbols(dims: OpDims): Readonly<Partial<Record<SizeSymbol, number>>> {
  const { B, T, C, NH, KV, HS, F, V, valid, vocabStart, rows, rowStart, tensor, epsilon, theta } = dims
  return {
    B,
    T,
    C,
    NH,
    KV,
    HS,
    F,
    V,
    valid,
    vocabStart,
    rowStart,
    R: rows,
    t: tensor,
    epsilon,
    logTheta: Math.log2(theta),
    first: vocabStart === 0 ? 1 : 0,
  }
}

/** The values of the symbols in a segment's expressions for one op. */
function sizesOf({ dims, args, accumulate }: ComputeWork): Readonly<Partial<Record<SizeSymbol, number>>> {
  return {
    ...sizeSymbols(dims),
    accumulate: accumulate ? 1 : 0,
    upstream: args['upstream'] === undefined ? 0 : 1,
  }
}

function callsOf(spec: SegmentSpec, kind: ComputeKind): readonly Call[] {
  const [first, second] = HALVES[kind]
  return second === undefined ? spec[first] : [...spec[first], ...spec[second]]
}

function happens({ when }: Call, { args, dims }: ComputeWork): boolean {
  if (when === undefined) return true
  if (when === 'last rows') return dims.rowStart + dims.rows >= dims.B * dims.T
  return args[when.given] !== undefined
}

/** Buffers that an op's kernels bind, by role; a role without a buffer leaves its binding unused. */
function bound(call: Call, args: ComputeWork['args']): Readonly<Record<string, string>> {
  const buffers: Record<string, string> = {}
  for (const [role, from] of Object.entries(call.bind)) buffers[role] = from === '' ? '' : (args[from] ?? '')
  return buffers
}

/** What a launch touches, without its sizes: all that reads and writes follow from. */
export type LaunchAccess = Pick<Launch, 'kernel' | 'buffers'> & { readonly params: { readonly accumulate?: number } }

/** The launches of a compute op, in order, as far as their accesses go. */
export function launchAccesses(work: ComputeWork): LaunchAccess[] {
  return callsOf(segmentOf(work.segment.kind), work.kind)
    .filter((call) => happens(call, work))
    .map((call) => {
      const { accumulate } = call.params
      const params = accumulate === undefined ? {} : { accumulate: valueOf(accumulate, sizesOf(work)) }
      return { kernel: call.kernel, buffers: bound(call, work.args), params }
    })
}

/** The launches of a compute op, in order. */
export function launchesOf(work: ComputeWork): Launch[] {
  const sizes = sizesOf(work)
  return callsOf(segmentOf(work.segment.kind), work.kind)
    .filter((call) => happens(call, work))
    .map((call) => {
      const params: Record<string, number> = {}
      for (const [name, value] of Object.entries(call.params)) params[name] = valueOf(value, sizes)
      return {
        kernel: call.kernel,
        buffers: bound(call, work.args),
        params,
        flops: valueOf(call.flops, sizes),
        bytes: valueOf(call.elements, sizes) * WORD_BYTES,
      }
    })
}

const ROLES = new Map<ComputeKind, Map<SegmentSpec, ReadonlySet<string>>>()

/** The roles that a pass's kernels bind. */
function rolesOf(spec: SegmentSpec, kind: ComputeKind): ReadonlySet<string> {
  const bySpec = ROLES.get(kind) ?? new Map<SegmentSpec, ReadonlySet<string>>()
  ROLES.set(kind, bySpec)
  let roles = bySpec.get(spec)
  if (roles === undefined) {
    roles = new Set(callsOf(spec, kind).flatMap(({ bind }) => Object.values(bind)))
    bySpec.set(spec, roles)
  }
  return roles
}

/** The subset of buffers that a pass's kernels bind. */
export function boundBy(spec: SegmentSpec, kind: ComputeKind, args: ComputeWork['args']): ComputeWork['args'] {
  const roles = rolesOf(spec, kind)
  return Object.fromEntries(Object.entries(args).filter(([role]) => roles.has(role)))
}
