import type { AdapterResult } from '../config/result.ts'
import type { AdapterChoice } from '../config/types.ts'
import { FaultError, refused } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import { describeVariants } from './choose-variants.ts'
import { CommandQueue } from './command-queue.ts'
import { DeviceFaults } from './faults.ts'
import type { GpuDevice } from './gpu-device.ts'
import { KernelRunner } from './kernels.ts'
import { MemoryMeter } from './meter.ts'
import { BufferPool } from './pool.ts'
import { tunedVariants } from './tune.ts'

export interface OpenDeviceOptions {
  readonly gpu: GPU
  readonly adapter?: AdapterChoice | 'default'
  /** Memory budget of this device in bytes; null: the adapter's limit. */
  readonly budgetBytes?: number | null
  /** Variant by kernel; absent or empty: the fastest by a measurement cached per adapter. */
  readonly variants?: Readonly<Record<string, string>>
}

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const

function isSoftware(info: GPUAdapterInfo): boolean {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase()
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|software|basic render|warp/.test(text)
}

type Choice = AdapterChoice | 'default'

const CHOICES: Readonly<Record<Choice, GPURequestAdapterOptions>> = {
  default: {},
  'high-performance': { powerPreference: 'high-performance' },
  'low-power': { powerPreference: 'low-power' },
  fallback: { forceFallbackAdapter: true },
}

/** Throws RefusedError, naming the alternatives, where this machine has no such adapter. */
async function requestAdapter(gpu: GPU, choice: Choice): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter(CHOICES[choice])
  if (adapter) return adapter
  if (choice === 'default') throw new FaultError(sentence('no-adapter'))
  const offered: string[] = []
  for (const [name, options] of Object.entries(CHOICES))
    if (name !== choice && (await gpu.requestAdapter(options))) offered.push(name)
  throw offered.length > 0
    ? refused('cluster.adapters', 'adapter-not-here', { choice, offered: offered.join(', ') })
    : refused('cluster.adapters', 'no-adapter-at-all', { choice })
}

export function describeAdapter(info: GPUAdapterInfo): Omit<AdapterResult, 'kernels'> {
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    description: info.description || info.device,
    software: isSoftware(info),
  }
}

/** A second device of the adapter, so that measuring leaves no trace on the real one. */
function openForMeasuring({ gpu, adapter = 'default' }: OpenDeviceOptions): Promise<GpuDevice> {
  return openDevice({ gpu, adapter, variants: { matmul_nn: 'naive' } })
}

/** Opens a new device (an adapter serves one device), with the adapter's own limits. */
export async function openDevice(options: OpenDeviceOptions): Promise<GpuDevice> {
  const adapter = await requestAdapter(options.gpu, options.adapter ?? 'default')
  const described = describeAdapter(adapter.info)
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]))
  const requiredFeatures = (['subgroups', 'timestamp-query'] as const).filter((name) => adapter.features.has(name))
  const forced = options.variants ?? {}
  const variants =
    Object.keys(forced).length > 0
      ? { ...forced }
      : { ...(await tunedVariants(described, requiredFeatures, () => openForMeasuring(options))) }
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures })
  const meter = new MemoryMeter()
  const faults = new DeviceFaults(device)
  const pool = new BufferPool(device, meter, options.budgetBytes ?? null, faults)
  const kernels = new KernelRunner(device, pool, variants)
  const queue = new CommandQueue(device, faults)
  return {
    device,
    info: { ...described, kernels: describeVariants(variants) },
    meter,
    pool,
    kernels,
    queue,
    variants,
    faults,
    dispose() {
      faults.dispose()
      pool.destroyAll()
      device.destroy()
    },
  }
}
