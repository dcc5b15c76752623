import { describe, expect, test } from 'vitest'
import { RefusedError } from '../../src/core/errors.ts'
import { KernelRunner, UniformArena } from '../../src/gpu/kernels.ts'
import type { GpuDevice } from '../../src/gpu/gpu-device.ts'
import type { Launch } from '../../src/model/kernels.ts'
import { useDevice } from '../lib/gpu.ts'

const device = useDevice()

/** Four floats in a buffer of the pool; `release` frees all of a test's. */
function four(gpu: GpuDevice, values: readonly number[]): GPUBuffer {
  const buffer = gpu.pool.acquire('workspace', 16, 'four')
  gpu.queue.write(buffer, 0, Float32Array.from(values))
  return buffer
}

async function floats(gpu: GpuDevice, buffer: GPUBuffer): Promise<number[]> {
  return [...new Float32Array(await gpu.queue.read(buffer, 0, 16))]
}

/** target += source */
function add(flops = 0): Launch {
  const params = { n: 4, sOffset: 0, tOffset: 0, accumulate: 1, scale: 1 }
  return { kernel: 'axpy', buffers: { source: 'source', target: 'target' }, params, flops, bytes: 0 }
}

/** Runs `work` in a validation scope and frees what it took. */
async function checked(work: (gpu: GpuDevice) => Promise<void>): Promise<void> {
  const gpu = device()
  gpu.device.pushErrorScope('validation')
  try {
    await work(gpu)
  } finally {
    gpu.queue.discard()
    gpu.pool.destroyAll()
    const error = await gpu.device.popErrorScope()
    expect(error?.message ?? '').toBe('')
    expect(gpu.meter.total).toBe(0)
  }
}

describe('command queue', () => {
  test('launches, copies, clears, writes and reads happen in the order they were given', () =>
    checked(async (gpu) => {
      const { queue, kernels } = gpu
      kernels.reserveUniforms(256)
      const [source, target] = [four(gpu, [1, 2, 3, 4]), four(gpu, [10, 20, 30, 40])]
      const copied = four(gpu, [0, 0, 0, 0])
      const prepared = kernels.prepare(add(), (name) => (name === 'source' ? source : target))
      queue.launch(prepared)
      queue.copy(target, 4, copied, 0, 8) // what the first launch left
      queue.write(source, 0, Float32Array.of(100, 100, 100, 100)) // not seen by the first launch
      queue.launch(prepared)
      queue.clear(target, 0, 4)
      queue.copy(target, 0, copied, 8, 8)
      expect(await floats(gpu, target)).toEqual([0, 122, 133, 144])
      expect(await floats(gpu, copied)).toEqual([22, 33, 0, 122])
    }))

  test('a view of shared memory is written from where it starts', () =>
    checked(async (gpu) => {
      const shared = new Float32Array(new SharedArrayBuffer(32))
      shared.set([9, 9, 1, 2, 3, 4, 9, 9])
      const buffer = four(gpu, [0, 0, 0, 0])
      gpu.queue.write(buffer, 0, shared.subarray(2, 6))
      expect(await floats(gpu, buffer)).toEqual([1, 2, 3, 4])
    }))

  test('where a map is noticed only as work is submitted, or after 100 ms, no read waits for that', () =>
    checked(async (gpu) => {
      const { queue, device: bare } = gpu
      const waiting = new Set<(by: string) => void>()
      const noticed: string[] = []
      const [createBuffer, submit] = [bare.createBuffer.bind(bare), bare.queue.submit.bind(bare.queue)]
      bare.createBuffer = (descriptor) => {
        const buffer = createBuffer(descriptor)
        const mapAsync = buffer.mapAsync.bind(buffer)
        buffer.mapAsync = async (...args) => {
          await mapAsync(...args)
          const timer = { id: setTimeout(() => undefined, 0) }
          const by = await new Promise<string>((notice) => {
            waiting.add(notice)
            timer.id = setTimeout(() => notice('the clock'), 100)
          })
          clearTimeout(timer.id)
          waiting.clear()
          noticed.push(by)
        }
        return buffer
      }
      bare.queue.submit = (commands) => {
        submit(commands)
        for (const notice of waiting) notice('a submit')
      }
      try {
        const buffer = four(gpu, [1, 2, 3, 4])
        for (let i = 0; i < 10; i++) expect(await floats(gpu, buffer)).toEqual([1, 2, 3, 4])
      } finally {
        bare.createBuffer = createBuffer
        bare.queue.submit = submit
      }
      expect(noticed).toEqual(Array.from({ length: 10 }, () => 'a submit'))
      await queue.idle()
    }))

  test('dispatches go together, until a submit would last too long', () =>
    checked(async (gpu) => {
      const { queue, kernels } = gpu
      kernels.reserveUniforms(512)
      const [source, target] = [four(gpu, [1, 1, 1, 1]), four(gpu, [0, 0, 0, 0])]
      const bind = (launch: Launch) => kernels.prepare(launch, (name) => (name === 'source' ? source : target))
      await queue.idle()
      const [submits, dispatches] = [queue.submits, queue.dispatches]
      for (let i = 0; i < 100; i++) queue.launch(bind(add()))
      expect([queue.submits - submits, queue.dispatches - dispatches]).toEqual([0, 100])
      await queue.idle()
      expect(queue.submits - submits).toBe(1)
      // No device does 1e18 operations in 50 ms: each goes alone.
      for (let i = 0; i < 3; i++) queue.launch(bind(add(1e18)))
      expect(queue.submits - submits).toBe(4)
      expect(await floats(gpu, target)).toEqual([103, 103, 103, 103])
    }))
})

describe('kernel parameters', () => {
  test('equal launches share a slot; the same values under other names do not', () =>
    checked(async (gpu) => {
      const buffer = gpu.pool.acquireUniform(3 * 256)
      const arena = new UniformArena(gpu.device, buffer)
      const slotOf = (params: Launch['params']) =>
        arena.slot({ kernel: 'sum', buffers: {}, params, flops: 0, bytes: 0 })
      expect(slotOf({ n: 1, accumulate: 0 })).toBe(0)
      expect(slotOf({ n: 7, accumulate: 1 })).toBe(1)
      expect(slotOf({ accumulate: 0, n: 1 })).toBe(0)
      expect(slotOf({ accumulate: 1, n: 0 })).toBe(2)
      expect(() => slotOf({ n: 8, accumulate: 1 })).toThrow(/has no slot among 3/)
    }))

  test('pipelines are compiled ahead, once each; of the named variants the first that fits is taken', () =>
    checked(async ({ device: bare, pool }) => {
      const kernels = new KernelRunner(bare, pool, { cross_entropy: 'workgroup+naive' })
      const done: string[] = []
      const sum: Launch = { kernel: 'sum', buffers: {}, params: { n: 1, accumulate: 0 }, flops: 0, bytes: 0 }
      await kernels.compile([add(), add(1), sum], (count, total) => done.push(`${count} of ${total}`))
      await kernels.compile([add(), sum], () => done.push('again'))
      expect(done).toEqual(['1 of 2', '2 of 2'])
      expect(kernels.variantOf('sum', sum.params).name).toBe('naive')
      expect(kernels.variantOf('cross_entropy', { rows: 1, V: 2, valid: 2, rowStart: 0 }).name).toBe('workgroup')
      expect(kernels.variantOf('axpy', add().params).name).toBe('naive')
    }))

  test('a kernel or a variant that does not exist is refused by name', () =>
    checked(async ({ device: bare, pool }) => {
      const run = (variants: Record<string, string>) => () => new KernelRunner(bare, pool, variants)
      expect(run({ cross_entropy: 'workgroup+unheard-of' })).toThrow(RefusedError)
      expect(run({ cross_entropy: 'workgroup+unheard-of' })).toThrow(
        'kernels: "unheard-of" is no variant of cross_entropy; allowed are naive, workgroup',
      )
      expect(run({ toString: 'naive' })).toThrow(/^kernels: "toString" is no kernel; allowed are matmul_nn, /)
    }))
})
