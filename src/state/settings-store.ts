import { createStore } from 'zustand/vanilla'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]
export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

/** Steps of the tour, in order. */
export const TOUR_STEPS = ['strategy', 'start', 'cluster', 'timeline', 'charts', 'steps', 'places', 'take'] as const
/** Offered on the first visit; left (or declined) it can be resumed; done means seen to its end. */
const TOURS = ['new', 'left', 'done'] as const

export interface Settings {
  readonly theme: Theme
  readonly language: Language
  readonly tour: (typeof TOURS)[number]
  /** Position in TOUR_STEPS where the tour was left. */
  readonly tourStep: number
}

/** The part of localStorage that settings need; if a browser refuses it, settings last as long as the page. */
export interface SettingsStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

const KEY = 'tabcluster.settings'

function oneOf<T extends string>(allowed: readonly T[], value: unknown, fallback: T): T {
  return allowed.find((each) => each === value) ?? fallback
}

/** Reads stored settings; anything unexpected becomes the default. */
function readSettings(stored: string | null, preferred: Language): Settings {
  let value: unknown = null
  try {
    value = JSON.parse(stored ?? 'null')
  } catch {
    value = null
  }
  const fields = typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
  return {
    theme: oneOf(THEMES, fields['theme'], 'auto'),
    language: oneOf(LANGUAGES, fields['language'], preferred),
    tour: oneOf(TOURS, fields['tour'], 'new'),
    tourStep: Math.max(
      0,
      TOUR_STEPS.findIndex((_, step) => step === fields['tourStep']),
    ),
  }
}

export type SettingsStore = ReturnType<typeof createSettingsStore>

export function createSettingsStore(storage: SettingsStorage | null, preferred: Language) {
  const read = () => {
    try {
      return storage?.getItem(KEY) ?? null
    } catch {
      return null
    }
  }
  const store = createStore<Settings>(() => readSettings(read(), preferred))
  store.subscribe((settings) => {
    try {
      storage?.setItem(KEY, JSON.stringify(settings))
    } catch {
      // Storage full or forbidden: the setting still applies to this visit.
    }
  })
  return store
}
