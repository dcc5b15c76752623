import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import type { MeasuredDevice } from '../../../src/sim/cost/measured-device.ts'
import { UNCALIBRATED_DEVICE } from '../../../src/sim/hardware.ts'
import { createCalibrationStore } from '../../../src/state/calibration-store.ts'
import type { Session } from '../../../src/state/session.ts'

const config = parseConfig({})
const measured: MeasuredDevice = { device: UNCALIBRATED_DEVICE, seconds: new Map([['a', 1]]) }

/** A session whose measurements end when they are told to, or when they are aborted. */
function session() {
  const calls: {
    known: MeasuredDevice | undefined
    progress: (done: number, of: number) => void
    resolve: (value: MeasuredDevice) => void
    reject: (error: Error) => void
  }[] = []
  const measure: Session['measure'] = (_config, { known, progress, signal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('cancelled')))
      calls.push({ known, progress, resolve, reject })
    })
  return { calls, measure }
}

test('progress is told, what was measured is kept and handed to the next measurement', async () => {
  const { calls, measure } = session()
  const store = createCalibrationStore({ measure })
  const first = store.measure(config)
  calls[0]!.progress(3, 9)
  expect(store.getState().progress).toEqual({ done: 3, of: 9 })
  calls[0]!.resolve(measured)
  await first
  expect(store.getState()).toEqual({ measured, progress: null, failure: null })
  void store.measure(config)
  expect(calls[1]!.known).toBe(measured)
})

test('cancelled, it says nothing; failed, it says why; both keep what was measured before', async () => {
  const { calls, measure } = session()
  const store = createCalibrationStore({ measure })
  const first = store.measure(config)
  calls[0]!.resolve(measured)
  await first
  const second = store.measure(config)
  store.cancel()
  await second
  expect(store.getState()).toEqual({ measured, progress: null, failure: null })
  const third = store.measure(config)
  calls[2]!.reject(new Error('the device was lost'))
  await third
  expect(store.getState()).toEqual({
    measured,
    progress: null,
    failure: { code: 'unexpected', values: { message: 'the device was lost' } },
  })
})
