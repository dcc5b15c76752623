import { OutOfMemoryError } from '../core/errors.ts'

const FILTERS = ['validation', 'out-of-memory', 'internal'] as const

/** Names the part of a program that talks to the device; asked only when something went wrong. */
type Place = () => string

/** The first line of what a device says, which names what is wrong; the rest is how it came to look at it. */
export function firstLine(message: string): string {
  return message.trim().split('\n')[0]!.trim() || 'no reason was given'
}

/** What the device refused, as an error of ours. */
type Describe = (message: string, outOfMemory: boolean) => Error

function refused(what: string): Describe {
  return (message, outOfMemory) =>
    outOfMemory
      ? new OutOfMemoryError(`out of memory: the adapter has no room left for ${what}`, 'workspace', 0)
      : new Error(`the GPU refused ${what}: ${firstLine(message)}`)
}

/**
 * Everything that goes wrong on one device, in one place: refused commands and allocations, errors that nobody asked about,
 * the loss of the device. A device goes on after an error and computes with what is left, so that whoever reports a number
 * asks `settled` first. Errors are heard as they come: nothing waits for the device but `settled`.
 */
export class DeviceFaults {
  /** Hears the first fault, and where the program was. */
  onFault: (error: Error, place: string | null) => void = () => {}
  /** Where the program is now. */
  place: Place | null = null
  private first: Error | null = null
  /** Faults of an earlier round that are heard late are of no interest. */
  private round = 0
  /** The device's answers so far, in the order of what was asked: what was refused first is named, not what came of it. */
  private answers: Promise<void> = Promise.resolve()
  private disposed = false

  constructor(private readonly device: GPUDevice) {
    // Prevented, or Dawn prints it on the standard output, which carries results.
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault()
      this.collect(Promise.resolve(event.error), refused('a command'))
    })
    void device.lost.then(({ reason, message }) =>
      this.report(new Error(`the GPU device was lost (${reason}): ${firstLine(message)}`), this.place),
    )
  }

  /** The first fault wins. */
  private report(error: Error, place: Place | null): void {
    if (this.first !== null || this.disposed) return
    this.first = error
    this.onFault(error, place?.() ?? null)
  }

  /** Throws the fault that is known already. */
  check(): void {
    if (this.first !== null) throw this.first
  }

  /** Runs `work`, which gives the device commands without waiting, and hears whether it refuses any. */
  watch<Value>(what: string | Describe, work: () => Value): Value {
    const describe = typeof what === 'string' ? refused(what) : what
    for (const filter of FILTERS) this.device.pushErrorScope(filter)
    try {
      return work()
    } finally {
      // A lost device answers nothing; that it is lost is heard by itself.
      for (const _ of FILTERS)
        this.collect(
          this.device.popErrorScope().catch(() => null),
          describe,
        )
    }
  }

  private collect(answer: Promise<GPUError | null>, describe: Describe): void {
    const { place, round } = this
    this.answers = this.answers.then(async () => {
      const error = await answer
      if (error && round === this.round)
        this.report(describe(error.message, error.constructor.name === 'GPUOutOfMemoryError'), place)
    })
  }

  /** Waits for the device's answers about everything it was given so far. Throws the first fault. */
  async settled(): Promise<void> {
    await this.answers
    this.check()
  }

  /** Forgets what went wrong so far, together with the buffers it was about. */
  clear(): void {
    this.first = null
    this.round++
  }

  /** From here on what happens to the device is no fault. */
  dispose(): void {
    this.disposed = true
  }
}
