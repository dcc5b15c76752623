import { openNodeGpu } from '../../src/cluster/hosts/node-gpu.ts'

/** How a device answers an allocation it does not make: with a buffer that is not there, and an error to whoever asks. */
export type Refusal = 'out of memory' | 'invalid'

export interface RefusingDevices {
  /** The allocation to refuse, counted from now; null: none. */
  refuse(nth: number | null, how?: Refusal): void
  /** Label of the buffer that was refused since; null: none. */
  readonly refused: string | null
  restore(): void
}

/**
 * Has every device of this process refuse one buffer, as a device does that has no room for it: createBuffer gives an invalid
 * buffer, and the error scope around it hears why. Not those opened before: their meter holds the createBuffer it counts.
 */
export async function refusingDevices(): Promise<RefusingDevices> {
  await openNodeGpu()
  const { prototype } = GPUDevice
  const { createBuffer, pushErrorScope, popErrorScope } = prototype
  const filters: GPUErrorFilter[] = []
  let left: number | null = null
  let how: Refusal = 'out of memory'
  let refused: string | null = null
  let unheard = false
  prototype.pushErrorScope = function (filter) {
    filters.push(filter)
    return pushErrorScope.call(this, filter)
  }
  prototype.popErrorScope = function () {
    const answer = popErrorScope.call(this)
    if (filters.pop() !== 'out-of-memory' || !unheard) return answer
    unheard = false
    return answer.then(() => new GPUOutOfMemoryError('no memory left'))
  }
  prototype.createBuffer = function (descriptor) {
    if (left === null || left-- > 0) return createBuffer.call(this, descriptor)
    left = null
    refused = descriptor.label ?? ''
    const impossible = { ...descriptor, size: 2 * this.limits.maxBufferSize }
    if (how === 'invalid') return createBuffer.call(this, impossible)
    unheard = true
    pushErrorScope.call(this, 'validation')
    const buffer = createBuffer.call(this, impossible)
    void popErrorScope.call(this)
    return buffer
  }
  return {
    refuse(nth, way = 'out of memory') {
      left = nth
      how = way
      refused = null
      unheard = false
    },
    get refused() {
      return refused
    },
    restore: () => void Object.assign(prototype, { createBuffer, pushErrorScope, popErrorScope }),
  }
}
