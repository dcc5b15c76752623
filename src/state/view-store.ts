import { createStore } from 'zustand/vanilla'
import type { Target } from './inspect/inspected.ts'

export const PAGE_PLACES = ['run', 'simulate', 'compare'] as const
export type PagePlace = (typeof PAGE_PLACES)[number]

/** The schedule, its memory over time, and the executed timeline. */
export const TIMELINE_VIEWS = ['ideal', 'memory', 'executed'] as const
export type TimelineView = (typeof TIMELINE_VIEWS)[number]

/** Pipeline ticks per second of slow motion, slowest first; the last is full speed. */
export const SPEEDS = [1, 2, 5, null] as const
export type Speed = (typeof SPEEDS)[number]

/** What the user is looking at: not part of a configuration, not undoable. */
export interface ViewState {
  readonly place: PagePlace
  readonly timeline: TimelineView
  /** Time under the cursor of the ideal timeline, in ticks; null shows peaks instead. */
  readonly cursor: number | null
  readonly cluster: 'cards' | 'mesh'
  readonly speed: Speed
  readonly dialog: 'shortcuts' | null
  /** The stack of open explanations, latest last; empty when none is open. */
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
