/**
 * A collective as data. The group's members work on one vector of `elements`; every member has an ordered list of steps
 * that send a range of its working copy or take a range in. A received range replaces what is there ('copy') or is
 * combined with it ('combine'). Order of combination is the order of the list, never the order of arrival.
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
  /** Elements per member, adding up to `elements`; the even split unless said. */
  readonly parts?: readonly number[]
  /** Member that sends or receives the whole; 0 unless said. Ignored by collectives without a root. */
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

/** A request with its defaults filled in: where every member's part lies. */
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

/** Member `v` places after the root, and back: trees and chains are drawn with the root at 0. */
export function fromRoot(layout: VectorLayout, member: number): number {
  return (member - layout.root + layout.size) % layout.size
}

export function memberAt(layout: VectorLayout, v: number): number {
  return (v + layout.root) % layout.size
}
