import { createAdapterStore } from './adapter-store.ts'
import { createCalibrationStore } from './calibration-store.ts'
import { createCompareStore } from './compare-store.ts'
import { createDraftStore } from './draft-store.ts'
import type { Draft } from './draft-path.ts'
import { createFilesStore } from './files-store.ts'
import { createPlanStore } from './plan-store.ts'
import { createRunStore } from './run-store.ts'
import type { Session } from './session.ts'
import { createSettingsStore } from './settings-store.ts'
import type { Language, SettingsStorage } from './settings-store.ts'
import { createSimulationStore, FIRST_SIMULATION, openSimulator } from './simulation-store.ts'
import { createViewStore } from './view-store.ts'

export type Page = ReturnType<typeof createPage>

export interface PageOptions {
  readonly session: Session
  readonly storage: SettingsStorage | null
  readonly language: Language
  readonly draft?: Draft
}

/** All stores of the page, wired to one session. */
export function createPage({ session, storage, language, draft: initial }: PageOptions) {
  const draft = createDraftStore(session, initial ?? {})
  const files = createFilesStore()
  const calibration = createCalibrationStore(session)
  const simulation = createSimulationStore(openSimulator, FIRST_SIMULATION, () => calibration.getState().measured)
  const compare = createCompareStore({
    session,
    open: openSimulator,
    files: files.getState,
    measured: () => calibration.getState().measured,
  })
  calibration.subscribe((now, before) => {
    if (now.measured === before.measured) return
    simulation.again()
    compare.resimulate()
  })
  return {
    session,
    draft,
    plan: createPlanStore(session, draft),
    run: createRunStore(session),
    adapters: createAdapterStore(session),
    settings: createSettingsStore(storage, language),
    view: createViewStore(),
    calibration,
    simulation,
    compare,
    /** The user's files: a link holds their names, not their contents. */
    files,
  }
}
