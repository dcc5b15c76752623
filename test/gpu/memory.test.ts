import { describe, expect, test } from 'vitest'
import { openNodeGpu } from '../../src/cluster/hosts/node-gpu.ts'
import { OutOfMemoryError, faultOf } from '../../src/core/errors.ts'
import { exitStatusOf } from '../../src/core/fault.ts'
import type { Fault } from '../../src/core/fault.ts'
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
    await gpu.faults.settled()
    gpu.dispose()
  })

  test('beyond the budget or the adapter is an error with category and size', async () => {
    const gpu = await openDevice({ gpu: await openNodeGpu(), budgetBytes: 4096 })
    gpu.pool.acquire('activations', 4000, 'x')
    expect(() => gpu.pool.acquire('gradients', 200, 'dx')).toThrow(OutOfMemoryError)
    expect(() => gpu.pool.acquire('gradients', 200, 'dx')).toThrow(/208 bytes for gradients \(dx\).*budget/)
    gpu.dispose()
    const free = await openDevice({ gpu: await openNodeGpu() })
    expect(() => free.pool.acquire('parameters', 2 ** 45, 'huge')).toThrow(
      /for parameters \(huge\) is over this adapter/,
    )
    free.dispose()
  })

  test('what the device itself has no room for is the same error, said once and never a lost device', async () => {
    const gpu = await openDevice({ gpu: await openNodeGpu() })
    const heard: Fault[] = []
    gpu.faults.onFault = (fault) => heard.push(fault)
    const pop = gpu.device.popErrorScope.bind(gpu.device)
    let scopes = 0
    // The second of the three scopes around an allocation is the one for memory.
    gpu.device.popErrorScope = async () => {
      const second = scopes++ === 1
      return (await pop()) ?? (second ? new GPUOutOfMemoryError('no memory left') : null)
    }
    gpu.pool.acquire('optimizer', 1000, 'moments')
    await expect(gpu.faults.settled()).rejects.toThrow(/has no .* left for optimizer \(moments\)/)
    const failure = await gpu.faults.settled().catch((error: unknown) => error)
    expect(heard).toEqual([faultOf(failure)])
    expect(failure).toMatchObject({
      name: 'OutOfMemoryError',
      fault: { code: 'buffer-no-room', values: { category: { code: 'optimizer' }, label: 'moments' } },
    })
    expect(exitStatusOf(heard[0]!)).toBe(3)
    expect(() => gpu.pool.acquire('gradients', 16, 'dx')).toThrow(OutOfMemoryError)
    gpu.device.popErrorScope = pop
    gpu.pool.destroyAll()
    await gpu.queue.idle()
    expect(gpu.meter.total).toBe(0)
    gpu.dispose()
  })

  test('peaks are of each category and of the sum over time; a look aside moves none', async () => {
    const { meter, pool, dispose } = await openDevice({ gpu: await openNodeGpu() })
    const first = pool.acquire('activations', 160, 'x')
    pool.release(first)
    const second = pool.acquire('gradients', 96, 'dx')
    expect(meter.peak).toMatchObject({ activations: 160, gradients: 96, total: 160 })
    const staging = pool.acquireStaging(1)
    expect(meter.peak).toMatchObject({ workspace: 16, total: 160 })
    await meter.preservingPeaks(async () => pool.release(pool.acquire('workspace', 4096, 'look')))
    expect(meter.peak).toMatchObject({ workspace: 16, total: 160 })
    meter.resetPeak()
    expect(meter.peak).toEqual({
      parameters: 0,
      gradients: 96,
      optimizer: 0,
      activations: 0,
      communication: 0,
      workspace: 16,
      cached: 0,
      total: 112,
    })
    pool.release(second)
    pool.release(second)
    pool.release(staging)
    expect(meter.total).toBe(0)
    dispose()
  })
})
