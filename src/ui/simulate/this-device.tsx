import { isActive } from '../../state/run-state.ts'
import { UNCALIBRATED_DEVICE } from '../../sim/hardware.ts'
import type { Device } from '../../sim/hardware.ts'
import controls from '../controls/controls.module.css'
import { formatBytes, formatCount, formatSeconds } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultLine } from '../text/fault-text.ts'
import button from '../theme/button.module.css'
import styles from './simulate.module.css'
import type { SimulateText } from './text-en.ts'

/** The assumption about "this" device, and the measurement that replaces it. */
export function ThisDevice({ text }: { readonly text: SimulateText }) {
  const { simulation, calibration, run, adapters } = usePage()
  const faultLine = useFaultLine()
  const { measured, progress, failure } = useSlice(calibration, (state) => state)
  const device = useSlice(simulation, (state) => state.config.cluster.device)
  const config = useSlice(simulation, (state) => (state.problem === null ? (state.result?.config ?? null) : null))
  const training = useSlice(run, ({ phase }) => isActive(phase))
  const found = useSlice(adapters, (state) => state?.kind === 'ok')
  const why = !found
    ? text.measure.noAdapter
    : training
      ? text.measure.training
      : config === null
        ? text.measure.invalid
        : undefined
  if (device !== 'this') return null
  return (
    <div className={styles.own}>
      <p data-testid="this-device">
        {measured ? (
          text.measure.found(
            measured.device.title,
            rates(measured.device),
            formatSeconds(measured.device.kernelGapSeconds ?? 0),
            String(measured.seconds.size),
          )
        ) : (
          <i className="predicted">{text.measure.assumed(rates(UNCALIBRATED_DEVICE))}</i>
        )}
      </p>
      {progress === null ? (
        <button
          type="button"
          className={button.button}
          aria-disabled={why !== undefined}
          title={why}
          onClick={() => why === undefined && config !== null && void calibration.measure(config)}
        >
          {measured ? text.measure.again : text.measure.start}
        </button>
      ) : (
        <button type="button" className={button.button} onClick={() => calibration.cancel()}>
          {text.cancel}
        </button>
      )}
      <span role="status">
        {progress !== null &&
          (progress.of === 0 ? text.measure.rates : text.measure.ops(String(progress.done), String(progress.of)))}
      </span>
      {failure !== null && (
        <p className={controls.problem} role="alert">
          {faultLine(failure)}
        </p>
      )}
    </div>
  )
}

function rates({ peakFlops, memoryBandwidth }: Device): string {
  return `${formatCount(peakFlops.f32)}FLOP/s, ${formatBytes(memoryBandwidth)}/s`
}
