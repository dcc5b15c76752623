import { createStore } from 'zustand/vanilla'
import type { Target } from './inspect/inspected.ts'

export const PAGE_PLACES = ['run', 'simulate', 'compare'] as const
export type PagePlace = (typeof PAGE_PLACES)[number]

/** The schedule, what it holds over time, and what really ran. */
export const TIMELINE_VIEWS = ['ideal', 'memory', 'executed'] as const
export type TimelineView = (typeof TIMELINE_VIEWS)[number]

/** Pipeline ticks per second of slow motion, slowest first; the last is full speed. */
export const SPEEDS = [1, 2, 5, null] as const
export type Speed = (typeof SPEEDS)[number]

/** Where the user looks: not part of a configuration, not worth an undo. */
export interface ViewState {
  readonly place: PagePlace
  readonly timeline: TimelineView
  /** Time under the cursor of the ideal timeline, in ticks; null shows peaks instead. */
  readonly cursor: number | null
  readonly cluster: 'cards' | 'mesh'
  readonly speed: Speed
  readonly dialog: 'shortcuts' | null
  /** What is being explained, the way there before it; empty when nothing is. */
  readonly inspected: readonly Target[]
  /** The tour is open. */
  readonly tour: boolean
}

export type ViewStore = ReturnType<typeof createViewStore>

export function createViewStore() {
  return createStore<ViewState>(() => ({
    place: 'run',
    timeline: 'ideal',
    cursor: null,
    cluster: 'cards',
    speed: null,
    dialog: null,
    inspected: [],
    tour: false,
  }))
}
