import { FaultError } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { DeviceFaults } from './faults.ts'
import { firstLine } from './faults.ts'
import type { Prepared } from './kernels.ts'
import { pollUntil } from './poll-until.ts'

/** Submits are cut at this estimated device time. */
const SUBMIT_SECONDS = 0.05
/** Before any measurement: floating-point operations per second of a slow device. */
const FIRST_RATE = 1e9
/** A byte moved counts as this many floating-point operations in the estimate. */
const FLOPS_PER_BYTE = 0.5
/** How much later than a failed read the loss of its device may be reported. */
const LOST_MILLISECONDS = 100
/** GPUMapMode.READ, whose global is absent in Node. */
const MAP_READ = 1

/**
 * Encodes dispatches and copies and submits many at once. Everything is in order: a write or read follows what was
 * encoded before it.
 */
export class CommandQueue {
  /** Called after each submit; to measure, await the device. */
  onSubmit: () => void = () => {}
  submits = 0
  dispatches = 0
  private encoder: GPUCommandEncoder | null = null
  private pass: GPUComputePassEncoder | null = null
  private work = 0
  private rate = FIRST_RATE
  private inFlight = 0

  constructor(
    private readonly device: GPUDevice,
    private readonly faults: DeviceFaults,
  ) {}

  launch(prepared: Prepared): void {
    this.encoder ??= this.device.createCommandEncoder()
    this.pass ??= this.encoder.beginComputePass()
    this.pass.setPipeline(prepared.pipeline)
    this.pass.setBindGroup(0, prepared.bindGroup)
    this.pass.dispatchWorkgroups(...prepared.workgroups)
    this.dispatches++
    this.work += prepared.flops + prepared.bytes * FLOPS_PER_BYTE
    if (this.work > this.rate * SUBMIT_SECONDS) this.flush()
  }

  copy(source: GPUBuffer, sourceOffset: number, target: GPUBuffer, targetOffset: number, bytes: number): void {
    if (bytes > 0) this.commands().copyBufferToBuffer(source, sourceOffset, target, targetOffset, bytes)
  }

  clear(buffer: GPUBuffer, offset: number, bytes: number): void {
    if (bytes > 0) this.commands().clearBuffer(buffer, offset, bytes)
  }

  /** Writes after everything encoded so far. */
  write(buffer: GPUBuffer, offset: number, data: ArrayBufferView): void {
    this.flush()
    // Some browsers refuse views of shared memory here: copy those first.
    const shared = typeof SharedArrayBuffer !== 'undefined' && data.buffer instanceof SharedArrayBuffer
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.faults.watch(sentence('gpu-write', { bytes: data.byteLength, buffer: buffer.label }), () =>
      this.device.queue.writeBuffer(buffer, offset, shared ? bytes.slice() : (bytes as Uint8Array<ArrayBuffer>)),
    )
  }

  flush(): void {
    const { encoder } = this
    if (!encoder) return
    this.pass?.end()
    this.pass = null
    this.encoder = null
    this.faults.watch(sentence('gpu-submit'), () => this.device.queue.submit([encoder.finish()]))
    this.submits++
    this.onSubmit()
    this.measure(this.work)
    this.work = 0
  }

  /** Drops commands encoded but not submitted. */
  discard(): void {
    const { encoder } = this
    this.pass?.end()
    this.pass = null
    this.encoder = null
    this.work = 0
    if (!encoder) return
    // Whether they were valid no longer matters.
    this.device.pushErrorScope('validation')
    encoder.finish()
    this.device.popErrorScope().catch(() => null)
  }

  /** Small reads outside a Program, through their own staging buffer. */
  async read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const size = Math.max(16, bytes)
    const staging = this.faults.watch(sentence('gpu-staging', { bytes: size, buffer: buffer.label }), () =>
      this.device.createBuffer({ size, usage: 9, label: 'read' }),
    )
    try {
      this.copy(buffer, offset, staging, 0, bytes)
      this.flush()
      await this.map(staging, bytes)
      // Earlier commands may have been refused: their output is then no result.
      await this.faults.settled()
      return staging.getMappedRange(0, bytes).slice(0)
    } finally {
      staging.destroy()
    }
  }

  /** Maps the first bytes of a staging buffer. Rejects with an earlier refusal of the device where that is the cause. */
  async map(staging: GPUBuffer, bytes: number): Promise<void> {
    try {
      await this.faults.watch(sentence('gpu-read', { bytes }), () =>
        pollUntil(this.device.queue, staging.mapAsync(MAP_READ, 0, bytes)),
      )
    } catch (error) {
      // A device's reads may fail just before it is known to be lost.
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, LOST_MILLISECONDS))])
      await this.faults.settled()
      const reason = error instanceof Error ? firstLine(error.message) : String(error)
      throw new FaultError(sentence('gpu-read-failed', { bytes, why: reason }), { cause: error })
    }
  }

  /** Waits until the device is idle. Rejects with its refusals. */
  async idle(): Promise<void> {
    this.flush()
    await pollUntil(this.device.queue, this.device.queue.onSubmittedWorkDone())
    await this.faults.settled()
  }

  private commands(): GPUCommandEncoder {
    this.pass?.end()
    this.pass = null
    return (this.encoder ??= this.device.createCommandEncoder())
  }

  /** Estimates the device's speed from submits that ran alone. */
  private measure(work: number): void {
    if (this.inFlight > 0 || work < this.rate * SUBMIT_SECONDS * 0.25) return
    this.inFlight++
    const start = performance.now()
    const done = () => {
      this.inFlight--
      const seconds = Math.max(1e-4, (performance.now() - start) / 1000)
      this.rate = Math.max(FIRST_RATE / 10, 0.7 * this.rate + 0.3 * (work / seconds))
    }
    this.device.queue.onSubmittedWorkDone().then(done, () => this.inFlight--)
  }
}
