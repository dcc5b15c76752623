import { MAX_STEPS } from '../../state/compare-store.ts'
import type { CompareState } from '../../state/compare-store.ts'
import type { Draft } from '../../state/draft-path.ts'
import { isActive } from '../../state/run-state.ts'
import { MemoryLegend } from '../cluster/memory-legend.tsx'
import { usePage, useSlice } from '../page-context.ts'
import { lazyPart } from '../part/lazy-part.tsx'
import button from '../theme/button.module.css'
import panel from '../theme/panel.module.css'
import { useResolvedTheme } from '../theme/use-theme.ts'
import { CompareTable } from './compare-table.tsx'
import styles from './compare.module.css'
import { MemoryMultiples } from './memory-multiples.tsx'
import { Summary } from './summary.tsx'
import { COMPARE_TEXT } from './text.ts'
import type { CompareText } from './text.ts'

const LossMultiples = lazyPart(() => import('./loss-multiples.tsx'))

/** Starting points: one model and batch, three ways over four devices. */
const TRIO: readonly Draft[] = [
  { parallel: { data: 4 }, batch: { microbatches: 1 } },
  { parallel: { data: 4, zero: 3 }, batch: { microbatches: 1 } },
  { parallel: { pipeline: 4, schedule: '1f1b' }, batch: { microbatches: 8 } },
]

/** Pinned configurations side by side: clocked at once, trained on request, as rows and as small charts. */
export default function ComparePlace() {
  const { compare, settings } = usePage()
  const text = COMPARE_TEXT[useSlice(settings, (state) => state.language)]
  const theme = useResolvedTheme()
  const state = useSlice(compare, (each) => each)
  const { pins, steps } = state
  const trained = pins.some(
    ({ training }) => training !== null && training.phase !== 'waiting' && training.losses.length > 0,
  )
  return (
    <main className={styles.place} id="cluster">
      <section className={panel.panel} aria-label={text.title}>
        <div className={panel.head}>
          <h2 className={panel.title}>{text.title}</h2>
          {pins.length > 0 && <Controls state={state} text={text} />}
        </div>
        <p className={styles.about}>{text.about}</p>
        {pins.length === 0 ? (
          <div className={styles.empty}>
            <p>{text.empty}</p>
            <button type="button" className={button.button} onClick={() => compare.replace({ pins: TRIO })}>
              {text.trio}
            </button>
          </div>
        ) : (
          <>
            <Summary pins={pins} text={text} />
            <MemoryLegend />
            <p className={styles.sideways}>{text.sideways}</p>
            <CompareTable pins={pins} steps={steps} text={text} />
          </>
        )}
      </section>
      {pins.some(({ memory }) => memory !== null) && <MemoryMultiples pins={pins} text={text} />}
      {trained && (
        <section className={panel.panel} aria-label={text.losses}>
          <div className={panel.head}>
            <h2 className={panel.title}>{text.losses}</h2>
          </div>
          <LossMultiples waiting={<p aria-busy="true">…</p>} pins={pins} steps={steps} theme={theme} text={text} />
        </section>
      )}
    </main>
  )
}

function Controls({
  state: { pins, steps, running },
  text,
}: {
  readonly state: CompareState
  readonly text: CompareText
}) {
  const { compare, run, adapters } = usePage()
  const training = useSlice(run, ({ phase }) => isActive(phase))
  const hasAdapter = useSlice(adapters, (found) => found?.kind === 'ok')
  const trainable = pins.filter(({ obstacle, problem }) => obstacle === null && problem === null)
  const why = training ? text.busyRun : !hasAdapter ? text.noAdapter : trainable.length === 0 ? text.nothing : null
  const now = pins.find((pin) => pin.training?.phase === 'running')
  const done = trainable.some((pin) => pin.training?.phase === 'done')
  return (
    <>
      <label>
        {text.steps}{' '}
        <input
          key={steps}
          className={styles.steps}
          type="number"
          min={1}
          max={MAX_STEPS}
          defaultValue={steps}
          disabled={running}
          onBlur={(event) => compare.setSteps(Number(event.target.value))}
          onKeyDown={(event) => event.key === 'Enter' && compare.setSteps(Number(event.currentTarget.value))}
        />
      </label>
      {running ? (
        <button type="button" className={button.button} onClick={() => void compare.cancel()}>
          {text.cancel}
        </button>
      ) : (
        <button
          type="button"
          className={button.button}
          aria-disabled={why !== null}
          title={why ?? undefined}
          onClick={() => why === null && void compare.run()}
        >
          {done ? text.trainAgain : text.train}
        </button>
      )}
      <span role="status" data-testid="compare-status">
        {now?.training?.phase === 'running'
          ? text.progress(now.letter, String(now.training.losses.length), String(steps))
          : why}
      </span>
      <span className={panel.spacer} />
      <button type="button" className={button.button} disabled={running} onClick={() => compare.replace({})}>
        {text.clear}
      </button>
    </>
  )
}
