import { errorOf } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { Fault, FaultSentence } from '../core/fault.ts'

const FILTERS = ['validation', 'out-of-memory', 'internal'] as const

/** Names the part of a program that is using the device; called only on a fault. */
type Place = () => string

/** The first line of a device's message, which names the fault; the rest is context. */
export function firstLine(message: string): string {
  return message.trim().split('\n')[0]!.trim() || 'no reason was given'
}

/** Words a refusal of the device. */
type Describe = (message: string, outOfMemory: boolean) => Fault

function refusalOf(what: FaultSentence): Describe {
  return (message, outOfMemory) =>
    outOfMemory ? sentence('gpu-no-room', { what }) : sentence('gpu-refused', { what, why: firstLine(message) })
}

/**
 * Collects everything that goes wrong on a device: refused commands and allocations, uncaptured errors, device loss. A
 * device continues after an error and computes with what is left, so await `settled` before reporting a number. Errors
 * are collected as they arrive: only `settled` waits for the device.
 */
export class DeviceFaults {
  /** Called with the first fault, and where the program was. */
  onFault: (fault: Fault, place: string | null) => void = () => {}
  /** Where the program is now. */
  place: Place | null = null
  private first: Fault | null = null
  /** Late faults of an earlier round are ignored. */
  private round = 0
  /** The device's answers so far, in request order: the first refusal is reported, not its consequences. */
  private answers: Promise<void> = Promise.resolve()
  private disposed = false

  constructor(private readonly device: GPUDevice) {
    // Otherwise Dawn prints it on standard output, which carries results.
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault()
      this.collect(Promise.resolve(event.error), refusalOf(sentence('gpu-command')))
    })
    void device.lost.then(({ reason, message }) =>
      this.report(sentence('device-lost', { reason, why: firstLine(message) }), this.place),
    )
  }

  /** The first fault wins. */
  private report(fault: Fault, place: Place | null): void {
    if (this.first !== null || this.disposed) return
    this.first = fault
    this.onFault(fault, place?.() ?? null)
  }

  /** Throws a fault that is already known. */
  check(): void {
    if (this.first !== null) throw errorOf(this.first)
  }

  /** Runs `work`, which issues device commands without waiting, and collects their errors. */
  watch<Value>(what: FaultSentence | Describe, work: () => Value): Value {
    const describe = typeof what === 'function' ? what : refusalOf(what)
    for (const filter of FILTERS) this.device.pushErrorScope(filter)
    try {
      return work()
    } finally {
      // A lost device answers nothing; the loss is reported separately.
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

  /** Waits for the device's answers so far. Throws the first fault. */
  async settled(): Promise<void> {
    await this.answers
    this.check()
  }

  /** Forgets past faults, together with the buffers they were about. */
  clear(): void {
    this.first = null
    this.round++
  }

  /** From here on nothing on the device counts as a fault. */
  dispose(): void {
    this.disposed = true
  }
}
