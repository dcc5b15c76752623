/** Back-to-back polls after which the process is considered to be waiting. */
const POLLS_AT_ONCE = 5
/** Polls further apart than this have other work between them. */
const AT_ONCE_MILLISECONDS = 0.2
/** Pause of a throttled poll: short compared to a submit, long compared to a poll. */
const PAUSE_MILLISECONDS = 0.1

type SetImmediate = typeof setImmediate

/** Marks a throttled setImmediate, across copies of this module. */
const THROTTLED = Symbol.for('tabcluster.unhurriedPolls')

/** An unnamed native function: nothing else in this process passes one to setImmediate. */
function isPoll(callback: unknown): boolean {
  return (
    typeof callback === 'function' &&
    callback.name === '' &&
    Function.prototype.toString.call(callback).includes('[native code]')
  )
}

/**
 * Dawn for Node polls for its events with consecutive setImmediate calls while anything is awaited, which occupies a
 * core that a software adapter could use. Returns a setImmediate whose native callbacks pause when they run back to
 * back; everything else is passed through.
 */
export function withThrottledPolls(
  schedule: SetImmediate,
  now: () => number = () => performance.now(),
  pause: (milliseconds: number) => void = sleep,
): SetImmediate {
  if (THROTTLED in schedule) return schedule
  let latest = -Infinity
  let polls = 0
  const throttled = (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
    if (args.length === 0 && isPoll(callback)) {
      polls = now() - latest < AT_ONCE_MILLISECONDS ? polls + 1 : 0
      if (polls >= POLLS_AT_ONCE) pause(PAUSE_MILLISECONDS)
      latest = now()
    }
    return schedule(callback, ...args)
  }
  return Object.assign(throttled, schedule, { [THROTTLED]: true })
}

const bell = new Int32Array(new SharedArrayBuffer(4))

function sleep(milliseconds: number): void {
  Atomics.wait(bell, 0, 0, milliseconds)
}
