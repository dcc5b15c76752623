import { requestOf } from '../comm/request.ts'
import { collectiveBytes } from '../comm/traffic.ts'
import type { GpuDevice } from '../gpu/gpu-device.ts'
import { busySeconds } from '../gpu/measure.ts'
import { isCollective, launchesOfOp } from '../schedule/op-kinds.ts'
import type { Op, Program, RankProgram } from '../schedule/program.ts'
import type { CostModel } from '../sim/cost/cost-model.ts'
import { measuredCosts } from '../sim/cost/measured-costs.ts'
import { workKey } from '../sim/cost/work-key.ts'

const TIMINGS = 5

/** The cost of moving bytes between a rank's device and the host. */
interface ExchangeTimes {
  readonly latency: number
  readonly secondsPerByte: number
}

/**
 * Times a Program's ops on this device, each distinct op on its own; exchanges by reading back and writing as many
 * bytes. For clocking a Program as this machine would run it.
 */
export async function measureProgram(gpu: GpuDevice, program: Program): Promise<CostModel> {
  const seconds = await timeOps(gpu, program)
  return measuredCosts(seconds, exchangeCosts(await exchangeTimes(gpu)))
}

/** Seconds of a Program's distinct ops by `workKey`, each timed on buffers of its sizes; `known` ones are skipped. */
export async function timeOps(
  gpu: GpuDevice,
  program: Program,
  known: ReadonlySet<string> = new Set(),
  progress: (done: number, of: number) => void = () => {},
): Promise<Map<string, number>> {
  const distinct = new Map<string, { op: Op; rank: RankProgram }>()
  for (const rank of program.ranks)
    for (const op of rank.step) {
      const key = workKey(op)
      if (key !== null && !known.has(key) && !distinct.has(key)) distinct.set(key, { op, rank })
    }
  const seconds = new Map<string, number>()
  for (const [key, { op, rank }] of distinct) {
    seconds.set(key, await opSeconds(gpu, op, rank))
    progress(seconds.size, distinct.size)
  }
  return seconds
}

async function opSeconds(gpu: GpuDevice, op: Op, rank: RankProgram): Promise<number> {
  const launches = launchesOfOp(op)
  const uniforms = gpu.kernels.reserveUniforms(256 * (launches.length + 1))
  const buffers = new Map<string, GPUBuffer>()
  const bufferOf = (name: string): GPUBuffer => {
    const known = buffers.get(name)
    if (known) return known
    const elements = rank.buffers.get(name)?.elements ?? 64
    const made = gpu.pool.acquire('workspace', Math.max(64, elements) * 4, name)
    buffers.set(name, made)
    return made
  }
  try {
    const prepared = launches.map((launch) => gpu.kernels.prepare(launch, bufferOf, uniforms))
    return await busySeconds(gpu, prepared)
  } finally {
    gpu.pool.destroyAll()
  }
}

async function inTurn<Value>(count: number, work: () => Promise<Value>): Promise<Value[]> {
  const values: Value[] = []
  for (let i = 0; i < count; i++) values.push(await work())
  return values
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** A line through the round-trip times of a small and a large transfer. */
async function exchangeTimes(gpu: GpuDevice): Promise<ExchangeTimes> {
  const [small, large] = [4096, 4 * 2 ** 20]
  const time = async (bytes: number) => {
    const buffer = gpu.pool.acquire('workspace', bytes, 'exchange')
    try {
      const times = await inTurn(TIMINGS, async () => {
        const start = performance.now()
        const data = await gpu.queue.read(buffer, 0, bytes)
        gpu.queue.write(buffer, 0, new Uint8Array(data))
        await gpu.queue.idle()
        return (performance.now() - start) / 1000
      })
      return median(times)
    } finally {
      gpu.pool.destroyAll()
    }
  }
  const [first, second] = [await time(small), await time(large)]
  const secondsPerByte = Math.max(0, (second - first) / (large - small))
  return { latency: Math.max(0, first - small * secondsPerByte), secondsPerByte }
}

function exchangeCosts({ latency, secondsPerByte }: ExchangeTimes): CostModel {
  const elements = (spans: readonly { readonly length: number }[]) => spans.reduce((sum, each) => sum + each.length, 0)
  return {
    seconds(op, rank) {
      if (op.kind === 'send') return latency + elements(op.source) * op.elementBytes * secondsPerByte
      if (!isCollective(op) || op.group.length < 2) return 0
      const { sent, received } = collectiveBytes(requestOf(op), op.group.indexOf(rank), op.elementBytes)
      return latency + ((sent + received) / 2) * secondsPerByte
    },
  }
}
