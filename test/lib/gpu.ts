import { beforeAll } from 'vitest'
import { openNodeGpu } from '../../src/cluster/hosts/node-gpu.ts'
import type { GpuDevice } from '../../src/gpu/gpu-device.ts'
import { openDevice } from '../../src/gpu/device.ts'
import { KERNEL_TABLE } from '../../src/gpu/kernel-table.ts'
import { KernelRunner } from '../../src/gpu/kernels.ts'
import type { KernelName } from '../../src/model/kernels.ts'
import { KERNELS } from '../../src/model/kernels.ts'
import { kept } from './kept.ts'

interface Shared {
  readonly gpu: GPU
  readonly device: GpuDevice
  /** Pipelines are slow to make: a runner for each variant. */
  readonly runners: Map<string, KernelRunner>
}

async function open(): Promise<Shared> {
  const gpu = await openNodeGpu()
  return { gpu, device: await openDevice({ gpu }), runners: new Map() }
}

let shared: Shared | null = null

function runnerOf({ device, pool }: GpuDevice, kernel: KernelName, variant: string): KernelRunner {
  const { runners } = shared!
  const key = `${kernel} ${variant}`
  const runner = runners.get(key) ?? new KernelRunner(device, pool, { [kernel]: variant })
  runners.set(key, runner)
  return runner
}

/** One device for all files that a process runs, with its pipelines; fails, never skips, where there is no adapter. */
export function useDevice(): () => GpuDevice {
  beforeAll(async () => {
    shared = await kept('kernel device', open)
  })
  return () => shared!.device
}

export type Values = Float32Array | Uint32Array

/**
 * Runs one kernel in a validation scope and gives every buffer's content afterwards. Everything it makes is freed.
 * @param variant name of the variant; naive unless said
 * @param gridRows spreads a one-dimensional grid over this many rows of workgroups, as grids beyond 65,535 are
 */
export async function runKernel(
  gpu: GpuDevice,
  kernel: KernelName,
  buffers: Readonly<Record<string, Values>>,
  params: Readonly<Record<string, number>>,
  variant = 'naive',
  gridRows = 1,
): Promise<Record<string, Float32Array>> {
  gpu.device.pushErrorScope('validation')
  const runner = runnerOf(gpu, kernel, variant)
  runner.reserveUniforms(256)
  const made = new Map<string, GPUBuffer>()
  try {
    for (const [role] of KERNELS[kernel].bindings) {
      const values = buffers[role] ?? new Float32Array(4)
      const buffer = gpu.pool.acquire('workspace', values.byteLength, role)
      gpu.queue.write(buffer, 0, values)
      made.set(role, buffer)
    }
    const roles = Object.fromEntries(KERNELS[kernel].bindings.map(([role]) => [role, role]))
    const prepared = runner.prepare({ kernel, buffers: roles, params, flops: 0, bytes: 0 }, (name) => made.get(name)!)
    const [x, ...rest] = prepared.workgroups
    const workgroups = gridRows === 1 ? prepared.workgroups : ([Math.ceil(x / gridRows), gridRows, 1] as const)
    if (gridRows > 1 && rest.some((count) => count !== 1)) throw new Error(`${kernel}: the grid has rows already`)
    gpu.queue.launch({ ...prepared, workgroups })
    const result: Record<string, Float32Array> = {}
    for (const [role, access] of KERNELS[kernel].bindings) {
      if (access === 'in' || !buffers[role]) continue
      const bytes = buffers[role].byteLength
      result[role] = new Float32Array(await gpu.queue.read(made.get(role)!, 0, bytes))
    }
    const error = await gpu.device.popErrorScope()
    if (error) throw new Error(`${kernel} ${variant}: ${error.message}`)
    return result
  } finally {
    gpu.pool.destroyAll()
  }
}

export function variantsOf(kernel: KernelName): string[] {
  return KERNEL_TABLE[kernel].map((each) => each.name)
}

/** Deterministic values around zero. */
export function random(length: number, seed: number, scale = 1): Float32Array {
  const out = new Float32Array(length)
  let state = (seed * 2654435761) >>> 0 || 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    out[i] = scale * (state / 2 ** 31 - 1)
  }
  return out
}
