/**
 * A collective as data. The group's members work on one vector of `elements`; every member has an ordered list of steps
 * that send or receive a range of its working copy. A received range replaces ('copy') or is combined with ('combine')
 * the present one, in list order, never in order of arrival.
 */

export type PlanAlgorithm = 'ring' | 'tree' | 'star'

export type PlanKind = 'allReduce' | 'reduceScatter' | 'allGather' | 'broadcast' | 'reduce' | 'gather' | 'scatter'

export interface PlanRequest {
  readonly kind: PlanKind
  readonly algorithm: PlanAlgorithm
  /** Members of the group. */
  readonly size: number
  /** Length of the whole vector, in elements. */
  readonly elements: number
  /** Elements per member, adding up to `elements`; by default an even split. */
  readonly parts?: readonly number[]
  /** Member that sends or receives the whole; 0 by default. Ignored by collectives without a root. */
  readonly root?: number
}

export interface Range {
  readonly offset: number
  readonly length: number
}

export interface SendStep extends Range {
  readonly kind: 'send'
  /** Group member, not rank. */
  readonly peer: number
}

export interface RecvStep extends Range {
  readonly kind: 'recv'
  readonly peer: number
  readonly mode: 'combine' | 'copy'
}

export type Step = SendStep | RecvStep

/** A request with its defaults filled in: the range of every member's part. */
export interface VectorLayout {
  readonly size: number
  readonly root: number
  readonly elements: number
  readonly parts: readonly Range[]
}

/** Part of member i, any integer i (the ring counts modulo its size). */
export function partOf(layout: VectorLayout, i: number): Range {
  const part = layout.parts[((i % layout.size) + layout.size) % layout.size]
  if (part === undefined) throw new Error(`internal: no part ${i} among ${layout.size}`)
  return part
}

export function sendSteps(peer: number, range: Range): SendStep[] {
  return range.length === 0 ? [] : [{ kind: 'send', peer, offset: range.offset, length: range.length }]
}

export function recvSteps(peer: number, range: Range, mode: 'combine' | 'copy'): RecvStep[] {
  return range.length === 0 ? [] : [{ kind: 'recv', peer, offset: range.offset, length: range.length, mode }]
}

/** Place of a member relative to the root, and back: trees and chains are drawn with the root at 0. */
export function fromRoot(layout: VectorLayout, member: number): number {
  return (member - layout.root + layout.size) % layout.size
}

export function memberAt(layout: VectorLayout, v: number): number {
  return (v + layout.root) % layout.size
}
