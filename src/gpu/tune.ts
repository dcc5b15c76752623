import type { AdapterResult } from '../config/result.ts'
import type { Launch } from '../model/kernels.ts'
import { RefusedError, refused } from '../core/errors.ts'
import { chooseVariants, describeVariants, parseVariants, unknownVariant } from './choose-variants.ts'
import type { GpuDevice } from './gpu-device.ts'
import { KERNEL_TABLE } from './kernel-table.ts'
import { KernelRunner } from './kernels.ts'
import { medianSeconds, prepareLaunch } from './measure.ts'
import { storedVariants, storeVariants } from './tune-store.ts'

/*
 * The matrix product's variants for an adapter, by a short cached measurement. The table of choose-variants.ts applies
 * unless another variant is faster by a clear margin: noise must not make two runs on one machine differ.
 */

type Described = Omit<AdapterResult, 'kernels'>
type Variants = Readonly<Record<string, string>>

const PRODUCTS = ['matmul_nn', 'matmul_nt', 'matmul_tn'] as const

/** Candidates besides the table's choice. Tiles are hopeless where a GPU is simulated. */
const CANDIDATES = {
  software: ['blocks-vec4+blocks'],
  hardware: ['tiles-128-vec4+tiles-128', 'blocks-vec4+blocks'],
} as const

/** Minimum speedup over the table's choice. */
const MIN_SPEEDUP = 1.3
const ROUNDS = 3

/** Seconds of the product by each variant in turn; the best of a few, since other load only slows them down. */
async function bestSeconds(gpu: GpuDevice, names: readonly string[], size: number): Promise<number[]> {
  const params = { M: size, N: size, K: size, useBias: 0, accumulate: 0, aOffset: 0, cOffset: 0, lda: size, ldc: size }
  const launch: Launch = { kernel: 'matmul_nn', buffers: {}, params, flops: 2 * size ** 3, bytes: 0 }
  const prepared = names.map((name) => {
    const kernels = new KernelRunner(gpu.device, gpu.pool, { matmul_nn: name })
    return prepareLaunch({ kernels, pool: gpu.pool }, launch, size * size)
  })
  const best = names.map(() => Infinity)
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, each] of prepared.entries())
      best[i] = Math.min(best[i]!, await medianSeconds(gpu, () => gpu.queue.launch(each), 1))
  return best
}

async function measure(gpu: GpuDevice, software: boolean): Promise<Variants> {
  const table = chooseVariants({ software })
  const names = [table.matmul_nn!, ...CANDIDATES[software ? 'software' : 'hardware']]
  const seconds = await bestSeconds(gpu, names, software ? 192 : 1024)
  const fastest = seconds.indexOf(Math.min(...seconds))
  if (seconds[0]! < seconds[fastest]! * MIN_SPEEDUP) return table
  return { ...table, ...Object.fromEntries(PRODUCTS.map((kernel) => [kernel, names[fastest]!])) }
}

/** Changes with the adapter, any kernel and the table: an old choice says nothing about new kernels. */
function keyOf(adapter: Described, features: readonly string[]): string {
  let hash = 0
  const variants = Object.entries(KERNEL_TABLE).flatMap(([kernel, row]) =>
    row.map(({ name, source }) => kernel + name + source),
  )
  for (const text of [describeVariants(chooseVariants(adapter)), ...variants])
    for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  const { vendor, architecture, description } = adapter
  return [vendor, architecture, description, ...features, (hash >>> 0).toString(36)].join(' | ')
}

/** Whether all named variants exist, for every kernel the table covers: a missing one would fall back to naive. */
function isUsable(kept: Variants, table: Variants): boolean {
  return unknownVariant(kept) === null && Object.keys(table).every((kernel) => kept[kernel] !== undefined)
}

const known = new Map<string, Promise<Variants>>()

async function find(key: string, software: boolean, open: () => Promise<GpuDevice>): Promise<Variants> {
  const stored = await storedVariants(key)
  const kept = stored === null ? null : parseVariants(stored)
  if (kept !== null && isUsable(kept, chooseVariants({ software }))) return kept
  const gpu = await open()
  try {
    const variants = await measure(gpu, software)
    await storeVariants(key, variants)
    return variants
  } finally {
    gpu.dispose()
  }
}

/**
 * Variants for an adapter: from the environment (TABCLUSTER_KERNELS: `table`, or a result's `adapter.kernels`), else a
 * stored measurement, else measured now on a separate device, else the table's. Throws RefusedError when the
 * environment names an unknown variant.
 */
export async function tunedVariants(
  adapter: Described,
  features: readonly string[],
  open: () => Promise<GpuDevice>,
): Promise<Variants> {
  const requested = globalThis.process?.env?.TABCLUSTER_KERNELS
  const table = chooseVariants(adapter)
  if (requested) return requested === 'table' ? table : saidVariants(requested)
  const key = keyOf(adapter, features)
  let found = known.get(key)
  if (!found) {
    found = find(key, adapter.software, open).catch(() => table)
    known.set(key, found)
  }
  return found
}

function saidVariants(said: string): Variants {
  const variants = parseVariants(said)
  if (variants === null) throw refused('TABCLUSTER_KERNELS', 'kernel-variants-unreadable', { given: said })
  const unknown = unknownVariant(variants)
  if (unknown !== null) throw new RefusedError({ ...unknown, field: 'TABCLUSTER_KERNELS' })
  return variants
}
