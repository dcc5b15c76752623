import { describe, expect, test } from 'vitest'
import { openNodeGpu } from '../../src/cluster/hosts/node-gpu.ts'
import { OutOfMemoryError } from '../../src/core/errors.ts'
import { openDevice } from '../../src/gpu/device.ts'

describe('memory of a device', () => {
  test('every buffer counts from creation to destroy, under its category or as workspace', async () => {
    const gpu = await openDevice({ gpu: await openNodeGpu() })
    const { meter, pool } = gpu
    const parameters = pool.acquire('parameters', 1000, 'weights')
    expect(meter.live.parameters).toBe(1008)
    const stray = gpu.device.createBuffer({ size: 256, usage: 128 })
    expect(meter.live.workspace).toBe(256)
    pool.retag(parameters, 'cached')
    expect(meter.live.parameters).toBe(0)
    expect(meter.cached).toBe(1008)
    expect(meter.total).toBe(1264)
    stray.destroy()
    stray.destroy()
    pool.release(parameters)
    expect(meter.total).toBe(0)
    expect(meter.peak).toMatchObject({ parameters: 1008, workspace: 256, cached: 1008, total: 1264 })
    await pool.settled()
    gpu.dispose()
  })

  test('beyond the budget or the adapter is an error with category and size', async () => {
    const gpu = await openDevice({ gpu: await openNodeGpu(), budgetBytes: 4096 })
    gpu.pool.acquire('activations', 4000, 'x')
    expect(() => gpu.pool.acquire('gradients', 200, 'dx')).toThrow(OutOfMemoryError)
    expect(() => gpu.pool.acquire('gradients', 200, 'dx')).toThrow(/208 bytes for gradients \(dx\).*budget/)
    gpu.dispose()
    const free = await openDevice({ gpu: await openNodeGpu() })
    expect(() => free.pool.acquire('parameters', 2 ** 45, 'huge')).toThrow(/for parameters \(huge\) is over this adapter/)
    free.dispose()
  })
})
