import type { StoreApi } from 'zustand/vanilla'
import type { History } from './history.ts'
import type { Target } from './inspect/inspected.ts'
import { THEMES, LANGUAGES } from './settings-store.ts'
import { sourcesFor } from './files-store.ts'
import type { Page } from './page.ts'
import { problemsOnScreen } from './problems.ts'
import type { StepSize } from './run-store.ts'
import { isActive } from './run-state.ts'
import { SPEEDS, TIMELINE_VIEWS } from './view-store.ts'
import type { PagePlace, Speed } from './view-store.ts'

/** All keyboard and button actions in one table, each with its condition and effect. */
export interface PageAction {
  readonly keys: readonly string[]
  readonly enabled: (page: Page) => boolean
  readonly run: (page: Page) => void
  /** Its keys work in every place. */
  readonly everywhere?: true
}

interface Edited extends Pick<StoreApi<History>, 'getState' | 'getInitialState' | 'subscribe'> {
  readonly undo: () => void
  readonly redo: () => void
}

/** The store whose draft is edited in a place. */
export function editedStore(page: Page, place: PagePlace): Edited {
  return { run: page.draft, simulate: page.simulation, compare: page.compare }[place]
}

const edited = (page: Page) => editedStore(page, page.view.getState().place)

/** What is on screen is planned, without problems. */
export function canStart(page: Page): boolean {
  const { plan, config, problem } = page.plan.getState()
  const draft = page.draft.getState()
  const found = page.adapters.getState()
  const problems = problemsOnScreen({ draft, problem, files: page.files.getState(), found })
  return found?.kind === 'ok' && plan !== null && config === draft.config && problems.length === 0
}

/** Starts what is on screen, if possible. @param by takes one step of this size first, then pauses */
export function startShownRun(page: Page, by?: StepSize): void {
  const { plan, config } = page.plan.getState()
  if (plan === null || config === null || !canStart(page)) return
  const begin = { ticksPerSecond: page.view.getState().speed, ...(by === undefined ? {} : { by }) }
  void page.run.start(config, plan, sourcesFor(config, page.files.getState()), begin)
}

export function setSpeed(page: Page, speed: Speed): void {
  page.view.setState({ speed })
  void page.run.pace(speed)
}

const speedAt = (page: Page, by: number) => SPEEDS[SPEEDS.indexOf(page.view.getState().speed) + by]

function changeSpeed(by: number): Pick<PageAction, 'enabled' | 'run'> {
  return {
    enabled: (page) => speedAt(page, by) !== undefined,
    run: (page) => {
      const speed = speedAt(page, by)
      if (speed !== undefined) setSpeed(page, speed)
    },
  }
}

const paused = (page: Page) => page.run.getState().phase === 'paused'
const idle = (page: Page) => !isActive(page.run.getState().phase) && !page.compare.getState().running
/** Advances a paused run; without a run, starts one with this step. */
const stepping = (by: StepSize): Pick<PageAction, 'enabled' | 'run'> => ({
  enabled: (page) => paused(page) || (idle(page) && canStart(page)),
  run: (page) => (paused(page) ? void page.run.advance(by) : startShownRun(page, by)),
})

export function moveCursor(page: Page, by: number): void {
  const end = (page.run.getState().plan ?? page.plan.getState().plan)?.ideal.end ?? 0
  const { cursor } = page.view.getState()
  const next = cursor === null ? (by > 0 ? 0.5 : end - 0.5) : Math.floor(cursor) + 0.5 + by
  page.view.setState(({ timeline }) => ({
    timeline: timeline === 'executed' ? 'ideal' : timeline,
    cursor: next < 0 || next > end ? null : next,
  }))
}

/** Opens an explanation; `from` is the previous one, to go back to. */
export function inspectTarget({ view }: Pick<Page, 'view'>, target: Target, from: readonly Target[] = []): void {
  view.setState({ inspected: [...from, target] })
}

export const ACTIONS = {
  toggle: {
    keys: [' '],
    enabled: (page) => {
      const { phase } = page.run.getState()
      if (page.compare.getState().running) return false
      return phase === 'running' || phase === 'paused' || (!isActive(phase) && canStart(page))
    },
    run: (page) => {
      const { phase } = page.run.getState()
      if (phase === 'running') void page.run.pause('op')
      else if (phase === 'paused') void page.run.resume()
      else startShownRun(page)
    },
  },
  step: { keys: ['s'], ...stepping('step') },
  // Without a run there is still a clock to step through: the ideal timeline's.
  tick: {
    keys: ['t'],
    enabled: (page) => paused(page) || !isActive(page.run.getState().phase),
    run: (page) => (paused(page) ? void page.run.advance('tick') : moveCursor(page, 1)),
  },
  op: { keys: ['o'], ...stepping('op') },
  slower: { keys: ['<'], ...changeSpeed(-1) },
  faster: { keys: ['>'], ...changeSpeed(1) },
  reset: {
    keys: ['r'],
    enabled: (page) => page.run.getState().phase !== 'idle',
    run: (page) => void page.run.reset(),
  },
  view: {
    keys: ['v'],
    enabled: () => true,
    run: ({ view }) =>
      view.setState(({ timeline }) => ({
        timeline: TIMELINE_VIEWS[(TIMELINE_VIEWS.indexOf(timeline) + 1) % TIMELINE_VIEWS.length] ?? 'ideal',
      })),
  },
  undo: {
    keys: ['Control+z', 'Meta+z'],
    enabled: (page) => edited(page).getState().past.length > 0,
    run: (page) => edited(page).undo(),
    everywhere: true,
  },
  redo: {
    keys: ['Control+Shift+z', 'Meta+Shift+z', 'Control+y'],
    enabled: (page) => edited(page).getState().future.length > 0,
    run: (page) => edited(page).redo(),
    everywhere: true,
  },
  theme: {
    keys: ['d'],
    enabled: () => true,
    run: ({ settings }) =>
      settings.setState(({ theme }) => ({ theme: THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto' })),
    everywhere: true,
  },
  language: {
    keys: ['l'],
    enabled: () => true,
    run: ({ settings }) =>
      settings.setState(({ language }) => ({
        language: LANGUAGES[(LANGUAGES.indexOf(language) + 1) % LANGUAGES.length] ?? 'en',
      })),
    everywhere: true,
  },
  help: {
    keys: ['?'],
    enabled: () => true,
    run: ({ view }) => view.setState({ dialog: 'shortcuts' }),
    everywhere: true,
  },
} as const satisfies Record<string, PageAction>

export type ActionName = keyof typeof ACTIONS

/** "Control+Shift+z" for a key event; Shift is omitted where the character implies it ("?"). */
export function chord(event: {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  shiftKey: boolean
  altKey: boolean
}): string {
  const letter = /^[a-z]$/i.test(event.key)
  return [
    event.ctrlKey ? 'Control' : '',
    event.metaKey ? 'Meta' : '',
    event.altKey ? 'Alt' : '',
    event.shiftKey && (letter || event.key.length > 1) ? 'Shift' : '',
    letter ? event.key.toLowerCase() : event.key,
  ]
    .filter((part) => part !== '')
    .join('+')
}

export function actionFor(keys: string): ActionName | null {
  const entry = Object.entries(ACTIONS).find(([, action]) => action.keys.some((each) => each === keys))
  return (Object.keys(ACTIONS) as ActionName[]).find((name) => name === entry?.[0]) ?? null
}
