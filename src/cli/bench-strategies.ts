import { closeNodeGpu, openNodeGpu } from '../cluster/hosts/node-gpu.ts'
import { nodeTaskHost } from '../cluster/hosts/node-tasks.ts'
import { measureProgram } from '../cluster/measure-program.ts'
import { startRun } from '../cluster/run.ts'
import { parseConfig } from '../config/parse.ts'
import { prepareDataset } from '../data/prepare.ts'
import { openDevice } from '../gpu/device.ts'
import { clockProgram } from '../sim/clock.ts'
import { buildProgram } from '../strategy/build.ts'
import { ProgressLine, putResult } from './io.ts'

/** One model and batch under every strategy: only the strategy differs. */
const CASE = {
  model: { layers: 4, heads: 4, embed: 128, context: 64, vocab: 256 },
  batch: { global: 8, microbatches: 1, sequence: 64 },
  steps: 8,
}

const STRATEGIES: Readonly<Record<string, object>> = {
  'one device': {},
  'DDP × 2': { parallel: { data: 2 } },
  'DDP × 4': { parallel: { data: 4 } },
  'DataParallel × 4': { parallel: { data: 4, dataMode: 'data-parallel' } },
  'parameter server × 4': { parallel: { data: 4, dataMode: 'parameter-server' } },
  'ZeRO-1 × 4': { parallel: { data: 4, zero: 1 } },
  'ZeRO-3 × 4': { parallel: { data: 4, zero: 3 } },
  'tensor × 2': { parallel: { tensor: 2 } },
  'GPipe × 4': { parallel: { pipeline: 4, schedule: 'gpipe' }, batch: { ...CASE.batch, microbatches: 4 } },
  '1F1B × 4': { parallel: { pipeline: 4, schedule: '1f1b' }, batch: { ...CASE.batch, microbatches: 4 } },
  'ZB-H1 × 4': { parallel: { pipeline: 4, schedule: 'zb-h1' }, batch: { ...CASE.batch, microbatches: 4 } },
  'full recomputation': { parallel: { recompute: 'full' } },
}

export interface StrategyRow {
  readonly strategy: string
  readonly measuredMilliseconds: number
  readonly virtualMilliseconds: number
  /** virtual / measured − 1 */
  readonly error: number
  readonly tokensPerSecond: number
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

async function row(strategy: string, extra: object, progress: ProgressLine): Promise<StrategyRow> {
  const config = parseConfig({ ...CASE, ...extra })
  const gpu = await openDevice({ gpu: await openNodeGpu() })
  const program = buildProgram(config)
  progress.show(`${strategy}: timing its ops alone`)
  const cost = await measureProgram(gpu, program)
  gpu.dispose()
  const virtualMilliseconds = clockProgram(program, cost, { sharedDevice: true }).stepSeconds * 1000
  progress.show(`${strategy}: training`)
  const run = await startRun({ config, dataset: await prepareDataset(config, {}), host: nodeTaskHost() })
  const { steps } = await run.finished
  // The first step creates pipelines and bind groups.
  const measuredMilliseconds = median(steps!.slice(1).map((each) => each.milliseconds))
  const tokens = config.batch.global * config.batch.sequence
  return {
    strategy,
    measuredMilliseconds,
    virtualMilliseconds,
    error: virtualMilliseconds / measuredMilliseconds - 1,
    tokensPerSecond: (tokens * 1000) / measuredMilliseconds,
  }
}

/** Pairs of strategies that differ by more than a tenth, and how many of them the virtual times order correctly. */
function orderOf(rows: readonly StrategyRow[]): { readonly right: number; readonly pairs: number } {
  let [right, pairs] = [0, 0]
  for (const [i, a] of rows.entries())
    for (const b of rows.slice(i + 1)) {
      const ratio = a.measuredMilliseconds / b.measuredMilliseconds
      if (Math.abs(Math.log(ratio)) < Math.log(1.1)) continue
      pairs++
      if (ratio > 1 === a.virtualMilliseconds > b.virtualMilliseconds) right++
    }
  return { right, pairs }
}

/**
 * `bench --strategies`: the same training under every strategy, all ranks on this adapter, compared with clocking each
 * op's own time on one shared device.
 */
export async function benchStrategies({ json }: { readonly json: boolean }): Promise<void> {
  const progress = new ProgressLine()
  try {
    const rows: StrategyRow[] = []
    for (const [strategy, extra] of Object.entries(STRATEGIES)) rows.push(await row(strategy, extra, progress))
    progress.end()
    const order = orderOf(rows)
    if (json) return await putResult(JSON.stringify({ rows, order }, null, 2))
    const ms = (value: number) => value.toFixed(0).padStart(8)
    const lines = rows.map(
      (each) =>
        `${each.strategy.padEnd(22)} ${ms(each.measuredMilliseconds)} ${ms(each.virtualMilliseconds)} ${(100 * each.error).toFixed(0).padStart(6)} % ${each.tokensPerSecond.toFixed(0).padStart(8)}`,
    )
    const head = `${'strategy'.padEnd(22)} measured  virtual    error tokens/s   (ms per step)`
    return await putResult(
      [head, ...lines, `order right in ${order.right} of ${order.pairs} pairs that differ by a tenth`].join('\n'),
      undefined,
    )
  } finally {
    progress.end()
    closeNodeGpu()
  }
}
