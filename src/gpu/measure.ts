import type { Launch } from '../model/kernels.ts'
import { KERNELS } from '../model/kernels.ts'
import { parameterCount } from '../model/parameters.ts'
import type { ModelShape } from '../model/shape.ts'
import { launchesOf } from '../model/launches.ts'
import { gradNormLaunches, updateLaunch } from '../model/vector-launches.ts'
import type { OpDims, SegmentKind } from '../core/segments.ts'
import type { GpuDevice } from './gpu-device.ts'
import type { Prepared } from './kernels.ts'

/** Median seconds of `work` run to completion, over `count` runs after a warm-up. */
export async function medianSeconds(gpu: GpuDevice, work: () => void, count = 5): Promise<number> {
  const times: number[] = []
  for (let i = 0; i <= count; i++) {
    await gpu.queue.idle()
    const start = performance.now()
    work()
    await gpu.queue.idle()
    if (i > 0) times.push((performance.now() - start) / 1000)
  }
  times.sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)]!
}

/** Kernels are repeated until one timing takes about this long: a submit costs a fraction of a millisecond. */
const TARGET_SECONDS = 0.02
const MAX_REPEATS = 64

/** Median seconds the device is busy with these kernels in steady state. */
export async function busySeconds(gpu: GpuDevice, prepared: readonly Prepared[], count = 5): Promise<number> {
  const repeat = (times: number) => () => {
    for (let i = 0; i < times; i++) for (const each of prepared) gpu.queue.launch(each)
  }
  const once = await medianSeconds(gpu, repeat(1), 1)
  const repeats = Math.max(1, Math.min(MAX_REPEATS, Math.round(TARGET_SECONDS / once)))
  return (await medianSeconds(gpu, repeat(repeats), count)) / repeats
}

/** A launch bound to its own buffers of `elements` each, from the device's pool. */
export function prepareLaunch(gpu: Pick<GpuDevice, 'kernels' | 'pool'>, launch: Launch, elements: number): Prepared {
  gpu.kernels.reserveUniforms(256)
  const buffers = new Map<string, GPUBuffer>()
  for (const [role] of KERNELS[launch.kernel].bindings)
    buffers.set(role, gpu.pool.acquire('workspace', elements * 4, role))
  const named = { ...launch, buffers: Object.fromEntries([...buffers.keys()].map((role) => [role, role])) }
  return gpu.kernels.prepare(named, (name) => buffers.get(name)!)
}

/** Times one launch on its own buffers. */
async function launchSeconds(gpu: GpuDevice, launch: Launch, elements: number, count = 5): Promise<number> {
  try {
    const prepared = prepareLaunch(gpu, launch, elements)
    return await medianSeconds(gpu, () => gpu.queue.launch(prepared), count)
  } finally {
    gpu.pool.destroyAll()
  }
}

export interface ProductCase {
  readonly name: string
  readonly shape: string
  readonly kernel: 'matmul_nn' | 'matmul_nt' | 'matmul_tn'
  /** The factors' memory layout. */
  readonly a: readonly [number, number]
  readonly b: readonly [number, number]
  readonly launch: Launch
  /** Space for the largest of the three matrices. */
  readonly elements: number
}

/** Matrix products of a linear layer (forward, input gradient, weight gradient) at representative widths. */
export function productCases(): ProductCase[] {
  const rows = 512
  return [128, 384, 768].flatMap((C): ProductCase[] => {
    const elements = 4 * C * Math.max(C, rows)
    const offsets = { useBias: 0, aOffset: 0, cOffset: 0 }
    const cases = [
      {
        name: 'forward product',
        kernel: 'matmul_nn',
        M: rows,
        N: 4 * C,
        K: C,
        a: [rows, C],
        b: [C, 4 * C],
        rest: { ...offsets, lda: C, ldc: 4 * C },
      },
      {
        name: 'input-gradient product',
        kernel: 'matmul_nt',
        M: rows,
        N: C,
        K: 4 * C,
        a: [rows, 4 * C],
        b: [C, 4 * C],
        rest: { ...offsets, lda: 4 * C, ldc: C },
      },
      {
        name: 'weight-gradient product',
        kernel: 'matmul_tn',
        M: C,
        N: 4 * C,
        K: rows,
        a: [rows, C],
        b: [rows, 4 * C],
        rest: { aOffset: 0, bOffset: 0, lda: C, ldb: 4 * C },
      },
    ] as const
    return cases.map(({ name, kernel, M, N, K, a, b, rest }) => {
      const launch: Launch = {
        kernel,
        buffers: {},
        params: { M, N, K, accumulate: 0, ...rest },
        flops: 2 * M * N * K,
        bytes: 0,
      }
      return { name, shape: `${M} × ${K} · ${K} × ${N}`, kernel, a, b, launch, elements }
    })
  })
}

export async function productTimes(gpu: GpuDevice): Promise<{ name: string; shape: string; gflops: number }[]> {
  const out: { name: string; shape: string; gflops: number }[] = []
  for (const { name, shape, launch, elements } of productCases())
    out.push({ name, shape, gflops: launch.flops / (await launchSeconds(gpu, launch, elements)) / 1e9 })
  return out
}

interface Case {
  readonly model: ModelShape
  readonly batch: { readonly global: number; readonly sequence: number }
}

/** The launches of one training step with their counts, and space for the largest buffer. */
function stepLaunches({ model, batch }: Case): {
  readonly all: readonly (readonly [Launch, number])[]
  readonly elements: number
} {
  const { layers, heads, headSize, embed: C, ffn, vocab: V } = model
  const rows = batch.global * batch.sequence
  const dims: OpDims = {
    B: batch.global,
    T: batch.sequence,
    C,
    NH: heads,
    KV: heads,
    HS: headSize,
    F: ffn,
    V,
    valid: V,
    vocabStart: 0,
    rows,
    rowStart: 0,
    tensor: 1,
    epsilon: 1e-5,
    theta: 10000,
  }
  const names = new Proxy<Record<string, string>>({}, { get: (_, role) => String(role) })
  const work = (kind: SegmentKind, times: number): [Launch, number][] =>
    (['forward', 'backward'] as const).flatMap((pass) =>
      launchesOf({ kind: pass, segment: { kind, name: '', block: 0 }, dims, args: names, accumulate: false }).map(
        (launch): [Launch, number] => [launch, times],
      ),
    )
  const parameters = parameterCount(model)
  const range = { buffer: 'p', offset: 0, length: parameters }
  const all: [Launch, number][] = [
    ...work('embedding', 1),
    ...work('norm', 2 * layers + 1),
    ...work('attention', layers),
    ...work('biasResidual', 2 * layers),
    ...work('mlp', layers),
    ...work('logits', 1),
    ...work('loss', 1),
    [gradNormLaunches([range], 's', 'n')[0]!, 1],
    [updateLaunch({ parameter: range, gradient: range, moment1: range, moment2: range, decay: true }, 'h', 'n'), 1],
  ]
  return { all, elements: Math.max(parameters, rows * Math.max(ffn, 3 * heads * headSize)) }
}

/** Milliseconds per kernel of one training step, every launch timed on its own. */
export async function launchTimes(gpu: GpuDevice, given: Case): Promise<{ name: string; milliseconds: number }[]> {
  const { all, elements } = stepLaunches(given)
  const sums = new Map<string, number>()
  for (const [launch, times] of all) {
    const seconds = await launchSeconds(gpu, launch, elements, 3)
    sums.set(launch.kernel, (sums.get(launch.kernel) ?? 0) + seconds * times * 1000)
  }
  return [...sums]
    .map(([name, milliseconds]) => ({ name, milliseconds }))
    .sort((a, b) => b.milliseconds - a.milliseconds)
}
