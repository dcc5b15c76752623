import { ACTIONS, setSpeed } from '../../state/actions.ts'
import type { ActionName } from '../../state/actions.ts'
import type { ReactNode } from 'react'
import { isActive } from '../../state/run-state.ts'
import { SPEEDS } from '../../state/view-store.ts'
import { Segmented } from '../controls/segmented.tsx'
import { formatCount } from '../format.ts'
import { Icon } from '../icons/icons.tsx'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import styles from './transport.module.css'

/** Always visible, as in a video player: reset, start or pause, and steps of three sizes. */
export function TransportBar() {
  const page = usePage()
  const text = useText()
  const run = useSlice(page.run, (state) => state)
  const speed = useSlice(page.view, (state) => state.speed)
  useSlice(page.plan, (state) => state)
  useSlice(page.draft, (state) => state)
  const found = useSlice(page.adapters, (state) => state)
  const comparing = useSlice(page.compare, (state) => state.running)
  const { phase, step, tokensPerSecond, progress, config } = run
  const button = (name: ActionName, label: string, caption: ReactNode, why: string) => {
    const enabled = ACTIONS[name].enabled(page)
    return (
      <button
        type="button"
        aria-label={label}
        title={enabled ? `${label} (${ACTIONS[name].keys[0] === ' ' ? text.space : ACTIONS[name].keys[0]})` : why}
        aria-disabled={!enabled}
        data-main={name === 'toggle' || undefined}
        data-tour={name === 'toggle' ? 'start' : name === 'tick' ? 'steps' : undefined}
        onClick={() => enabled && ACTIONS[name].run(page)}
      >
        {caption}
      </button>
    )
  }
  const startReason = comparing
    ? text.why.comparing
    : found === null
      ? text.why.busy
      : found.kind === 'ok'
        ? text.why.invalid
        : text.why.noGpu
  const stepReason = isActive(phase) ? text.why.notPaused : startReason
  const toggle = phase === 'running' ? text.pause : phase === 'paused' ? text.resume : text.start
  const steps = config?.steps ?? null
  return (
    <footer className={styles.bar} aria-label={text.transport}>
      {button('reset', text.restartRun, <Icon name="reset" />, text.why.busy)}
      {button(
        'toggle',
        toggle,
        <>
          <Icon name={phase === 'running' ? 'pause' : 'play'} /> {toggle}
        </>,
        startReason,
      )}
      {button(
        'op',
        text.stepBy(text.stepOp),
        <>
          <Icon name="advance" /> {text.stepOp}
        </>,
        stepReason,
      )}
      {button(
        'tick',
        text.stepBy(text.stepTick),
        <>
          <Icon name="advance" /> {text.stepTick}
        </>,
        stepReason,
      )}
      {button(
        'step',
        text.stepBy(text.stepStep),
        <>
          <Icon name="advance" /> {text.stepStep}
        </>,
        stepReason,
      )}
      <span className={styles.speed} title={text.paceAbout}>
        {text.pace}
        <Segmented
          label={text.pace}
          value={String(speed)}
          options={SPEEDS.map((ticks) => ({ value: String(ticks), label: text.paces(ticks) }))}
          onChange={(chosen) => setSpeed(page, SPEEDS.find((ticks) => String(ticks) === chosen) ?? null)}
        />
      </span>
      <span className={styles.state} role="status" data-testid="state">
        {progress !== null && phase === 'starting'
          ? (text.progress[progress.what] ?? progress.what)
          : phase === 'running' && step === null && speed === null
            ? text.firstStep
            : text.phases[phase]}
        {progress?.fraction != null && phase === 'starting' && <progress value={progress.fraction} max={1} />}
      </span>
      <span data-testid="step">
        {step !== null && text.stepCount(String(step.step + 1))}{' '}
        {step !== null && steps !== null && text.ofSteps(String(steps))}
      </span>
      <span>
        {tokensPerSecond !== null && (
          <>
            {formatCount(tokensPerSecond)} {text.tokensPerSecond} {text.measured}
          </>
        )}
      </span>
    </footer>
  )
}
