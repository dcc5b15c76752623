import { MAX_PINS } from '../../state/compare-store.ts'
import type { Draft } from '../../state/draft-path.ts'
import type { RunResult } from '../../config/result.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'

/** Pins the current configuration for Compare, with the measurements of a finished run. */
export function PinButton() {
  const page = usePage()
  const text = useText()
  const place = useSlice(page.view, (state) => state.place)
  const { pins } = useSlice(page.compare, (state) => state)
  const drafted = useSlice(page.draft, (state) => state)
  const simulated = useSlice(page.simulation, (state) => state)
  const run = useSlice(page.run, (state) => state)
  if (place === 'compare') return null
  const draft: Draft = place === 'run' ? drafted.draft : simulated.draft
  const valid = place === 'run' ? drafted.problems.length === 0 : simulated.problem === null
  const there = page.compare.isPinned(draft)
  const why = !valid
    ? text.pinWhy.invalid
    : there
      ? text.pinWhy.there
      : pins.length >= MAX_PINS
        ? text.pinWhy.full
        : null
  const finished = (): RunResult | undefined =>
    place === 'run' &&
    run.phase === 'done' &&
    run.result &&
    // Compare trains from the seed; a run that started from a file does not qualify.
    run.result.startedFrom === undefined &&
    JSON.stringify(run.config) === JSON.stringify(drafted.config)
      ? run.result
      : undefined
  return (
    <>
      <button
        type="button"
        className={button.button}
        aria-disabled={why !== null}
        title={why ?? text.pinAbout}
        onClick={() => why === null && page.compare.pin(draft, finished())}
      >
        {there ? text.pinned : text.pin}
      </button>
      <span className="visually-hidden" role="status">
        {there && text.pinnedCount(String(pins.length))}
      </span>
    </>
  )
}
