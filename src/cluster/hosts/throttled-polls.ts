/** Polls that follow each other at once before the process is taken to be waiting. */
const POLLS_AT_ONCE = 5
/** Polls this far apart have other work between them. */
const AT_ONCE_MILLISECONDS = 0.2
/** What a poll then waits: short beside what a device takes for a submit, long beside a poll. */
const PAUSE_MILLISECONDS = 0.1

type SetImmediate = typeof setImmediate

/** On what was made here, whichever copy of this module made it. */
const THROTTLED = Symbol.for('tabcluster.unhurriedPolls')

/** A function that native code made: nothing else in this process hands unnamed ones to setImmediate. */
function isPoll(callback: unknown): boolean {
  return (
    typeof callback === 'function' &&
    callback.name === '' &&
    Function.prototype.toString.call(callback).includes('[native code]')
  )
}

/**
 * Dawn for Node looks for its events from one setImmediate after the other for as long as anything is awaited, which takes a
 * processor that a software adapter could compute on. Gives a setImmediate whose native callbacks pause where they follow
 * each other at once; everything else goes through untouched.
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
