import { required } from '../field.ts'
import { between } from '../field-types.ts'
import { recordOf } from '../reader.ts'

/** How often a cluster fails, and what that costs. */
export const RELIABILITY = recordOf({
  /** Mean time between failures of one device; a cluster of N fails N times as often. */
  hoursBetweenFailures: required(between(1, 1e9)),
  /** Gigabytes (1e9) per second that all devices together write to storage. */
  writeGBps: required(between(0.001, 1e6)),
  /** From a failure until training goes on from the last checkpoint, what was lost not counted. */
  restartSeconds: required(between(0, 1e6)),
})
