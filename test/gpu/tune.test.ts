import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openNodeGpu } from '../../src/cluster/hosts/node-gpu.ts'
import { chooseVariants, describeVariants, parseVariants } from '../../src/gpu/choose-variants.ts'
import { openDevice } from '../../src/gpu/device.ts'

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tabcluster-tune-'))
  vi.stubEnv('XDG_CACHE_HOME', directory)
  vi.stubEnv('TABCLUSTER_KERNELS', '')
  vi.resetModules()
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true, force: true })
})

/** What a process that has measured nothing yet opens. */
async function openFresh() {
  vi.resetModules()
  const fresh = await import('../../src/gpu/device.ts')
  const start = performance.now()
  const gpu = await fresh.openDevice({ gpu: await openNodeGpu() })
  const seconds = (performance.now() - start) / 1000
  gpu.dispose()
  return { gpu, seconds }
}

describe('kernels chosen by measurement', () => {
  test('measured once, then read from the cache directory', async () => {
    const first = await openFresh()
    const file = join(directory, 'tabcluster', 'kernels.json')
    const kept = Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>)
    expect(kept).toEqual([describeVariants(first.gpu.variants)])
    expect(Object.keys(first.gpu.variants).sort()).toEqual(Object.keys(chooseVariants(first.gpu.info)).sort())
    const again = await openFresh()
    expect(again.gpu.variants).toEqual(first.gpu.variants)
    expect(again.seconds).toBeLessThan(first.seconds)
  })

  test('a file that is no JSON is measured over', async () => {
    const first = await openFresh()
    const file = join(directory, 'tabcluster', 'kernels.json')
    writeFileSync(file, '{')
    const again = await openFresh()
    expect(Object.keys(again.gpu.variants)).toEqual(Object.keys(first.gpu.variants))
    expect(JSON.parse(readFileSync(file, 'utf8'))).toBeTypeOf('object')
  })

  test('a kept choice of kernels or variants that are no more is measured over', async () => {
    const first = await openFresh()
    const file = join(directory, 'tabcluster', 'kernels.json')
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    const [key, choice] = Object.entries(kept)[0]!
    const { matmul_nn: _, ...fewer } = first.gpu.variants
    for (const stale of [choice.replace('matmul_nn=', 'matmul_nn=removed+'), describeVariants(fewer)]) {
      writeFileSync(file, JSON.stringify({ [key]: stale }))
      expect(Object.keys((await openFresh()).gpu.variants).sort()).toEqual(Object.keys(first.gpu.variants).sort())
      expect(JSON.parse(readFileSync(file, 'utf8'))).not.toEqual({ [key]: stale })
    }
  })

  test('what the environment names and does not exist is refused', async () => {
    for (const [said, message] of [
      ['matmul_nn=removed', '"removed" is no variant of matmul_nn; allowed are naive, quads'],
      ['removed=naive', '"removed" is no kernel; allowed are matmul_nn'],
      ['fast', '"fast" is neither table nor kernel=variant'],
    ] as const) {
      vi.stubEnv('TABCLUSTER_KERNELS', said)
      await expect(openFresh()).rejects.toThrow(`TABCLUSTER_KERNELS: ${message}`)
    }
  })

  test('forced by the environment or by the caller, without measuring', async () => {
    vi.stubEnv('TABCLUSTER_KERNELS', 'table')
    const table = await openFresh()
    expect(table.gpu.variants).toEqual(chooseVariants(table.gpu.info))
    vi.stubEnv('TABCLUSTER_KERNELS', 'matmul_nn=blocks matmul_nt=naive')
    expect((await openFresh()).gpu.variants).toEqual({ matmul_nn: 'blocks', matmul_nt: 'naive' })
    const gpu = await openDevice({ gpu: await openNodeGpu(), variants: { matmul_nn: 'tiles' } })
    expect(gpu.info.kernels).toBe('matmul_nn=tiles')
    gpu.dispose()
    expect(() => readFileSync(join(directory, 'tabcluster', 'kernels.json'))).toThrow(/ENOENT/)
  })

  test('said and read back', () => {
    const variants = chooseVariants({ software: true })
    expect(parseVariants(describeVariants(variants))).toEqual(variants)
    for (const text of ['', 'table', 'matmul_nn=', 'a=b=c', 'a=b  c=d']) expect(parseVariants(text)).toBeNull()
  })
})
