import { expect, test } from 'vitest'
import { openNodeGpu } from '../../src/cluster/hosts/node-gpu.ts'
import { RefusedError } from '../../src/core/errors.ts'
import { sentence, lineOf } from '../../src/core/fault.ts'
import { openDevice } from '../../src/gpu/device.ts'
import type { GpuDevice } from '../../src/gpu/gpu-device.ts'

async function withDevice(work: (gpu: GpuDevice) => Promise<void>): Promise<void> {
  const gpu = await openDevice({ gpu: await openNodeGpu() })
  try {
    await work(gpu)
  } finally {
    gpu.dispose()
  }
}

test('a command that nobody asked about is heard, in one line, and kept from the standard output', () =>
  withDevice(async (gpu) => {
    const heard: (readonly [string, string | null])[] = []
    gpu.faults.onFault = (fault, place) => heard.push([lineOf(fault), place])
    const prevented = new Promise<boolean>((resolve) =>
      gpu.device.addEventListener('uncapturederror', (event) => resolve(event.defaultPrevented)),
    )
    gpu.faults.place = () => '0F0 mlp'
    gpu.device.createBuffer({ size: 16, usage: 0x4000_0000 })
    // Dawn prints what nobody prevented.
    expect(await prevented).toBe(true)
    await expect(gpu.faults.settled()).rejects.toThrow(/^the GPU refused a command: [^\n]+$/)
    expect(heard).toEqual([[expect.stringMatching(/^the GPU refused a command/), '0F0 mlp']])
  }))

test('a submit that the device refuses is a fault before anything it left is read', () =>
  withDevice(async (gpu) => {
    const [from, to] = [gpu.pool.acquire('workspace', 16, 'from'), gpu.pool.acquire('workspace', 16, 'to')]
    gpu.queue.copy(from, 0, to, 0, 4096)
    await expect(gpu.queue.read(to, 0, 16)).rejects.toThrow(/^the GPU refused a submit: .*"from"/)
    // With the buffers it was about the fault is gone.
    gpu.pool.destroyAll()
    const fresh = gpu.pool.acquire('workspace', 16, 'fresh')
    gpu.queue.write(fresh, 0, Float32Array.of(1, 2, 3, 4))
    expect([...new Float32Array(await gpu.queue.read(fresh, 0, 16))]).toEqual([1, 2, 3, 4])
  }))

test('an adapter that is not offered is refused, with those that are', async () => {
  const real = await openNodeGpu()
  const only = (offered: (options: GPURequestAdapterOptions) => boolean): GPU =>
    new Proxy(real, {
      get: (target, key) =>
        key === 'requestAdapter'
          ? async (options: GPURequestAdapterOptions = {}) => (offered(options) ? target.requestAdapter(options) : null)
          : Reflect.get(target, key, target),
    })
  const opened = (gpu: GPU) => openDevice({ gpu, adapter: 'fallback' }).catch((error: unknown) => error)
  const error = await opened(only(({ forceFallbackAdapter = false }) => !forceFallbackAdapter))
  expect(error).toBeInstanceOf(RefusedError)
  expect(error).toMatchObject({
    fault: { code: 'adapter-not-here', field: 'cluster.adapters' },
    message: 'cluster.adapters: this machine offers no fallback adapter; it has default, high-performance, low-power',
  })
  expect(await opened(only(() => false))).toMatchObject({ message: expect.stringContaining('it has none at all') })
})

test('of several refusals the first is told, not what came of it', () =>
  withDevice(async (gpu) => {
    gpu.faults.watch(sentence('gpu-read', { bytes: 1 }), () => gpu.device.createBuffer({ size: 2 ** 50, usage: 128 }))
    gpu.faults.watch(sentence('gpu-read', { bytes: 2 }), () => gpu.device.createBuffer({ size: 2 ** 50, usage: 128 }))
    await expect(gpu.faults.settled()).rejects.toThrow(/^the GPU refused a read of 1 bytes: /)
    expect(() => gpu.pool.acquire('workspace', 16, 'later')).toThrow(/a read of 1 bytes/)
  }))

test('a device that is lost is a fault; one that is disposed of is none', async () => {
  const heard: string[] = []
  await withDevice(async (gpu) => {
    gpu.faults.onFault = (fault) => heard.push(lineOf(fault))
    gpu.device.destroy()
    await gpu.device.lost
  })
  expect(heard).toEqual([expect.stringMatching(/^the GPU device was lost \(destroyed\): /)])
  let device: GPUDevice
  await withDevice(async (gpu) => {
    gpu.faults.onFault = (fault) => heard.push(lineOf(fault))
    device = gpu.device
  })
  await device!.lost
  expect(heard).toHaveLength(1)
})
