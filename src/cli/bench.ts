import { closeNodeGpu, openNodeGpu } from '../cluster/hosts/node-gpu.ts'
import { nodeTaskHost } from '../cluster/hosts/node-tasks.ts'
import { startRun } from '../cluster/run.ts'
import { parseConfig } from '../config/parse.ts'
import type { AdapterResult } from '../config/result.ts'
import { prepareDataset } from '../data/prepare.ts'
import { launchTimes, productTimes } from '../gpu/measure.ts'
import { openDevice } from '../gpu/device.ts'
import { TRAIN_CASE } from './bench-case.ts'
import { putResult } from './io.ts'

export interface BenchRow {
  readonly case: string
  readonly shape: string
  readonly unit: string
  readonly ours: number
  /** Values of other libraries, measured in the same run; added by `npm run bench`. */
  readonly peers: Readonly<Record<string, number>>
  /** Ours over the best peer; null without peers. */
  readonly ratio: number | null
}

async function trainingSpeed(): Promise<BenchRow> {
  const config = parseConfig({ ...TRAIN_CASE, steps: 8 })
  const run = await startRun({ config, dataset: await prepareDataset(config, {}), host: nodeTaskHost() })
  const { steps } = await run.finished
  const times = steps!
    .slice(1)
    .map((each) => each.milliseconds)
    .sort((a, b) => a - b)
  const ours = 512_000 / times[Math.floor(times.length / 2)]!
  return {
    case: 'training step',
    shape: '4 layers, 128 channels, T 64, B 8, V 256',
    unit: 'tokens/s',
    ours,
    peers: {},
    ratio: null,
  }
}

/** `bench`: kernels and training speed on this adapter. Medians of at least five. */
export async function bench({ json }: { readonly json: boolean }): Promise<void> {
  try {
    const gpu = await openDevice({ gpu: await openNodeGpu() })
    const adapter: AdapterResult = gpu.info
    const rows: BenchRow[] = []
    for (const { name, shape, gflops } of await productTimes(gpu))
      rows.push({ case: name, shape, unit: 'GFLOP/s', ours: gflops, peers: {}, ratio: null })
    for (const { name, milliseconds } of await launchTimes(gpu, parseConfig(TRAIN_CASE)))
      rows.push({
        case: name,
        shape: 'one step of the training case',
        unit: 'ms',
        ours: milliseconds,
        peers: {},
        ratio: null,
      })
    gpu.dispose()
    rows.push(await trainingSpeed())
    if (json) return await putResult(JSON.stringify({ adapter, rows }, null, 2))
    const lines = rows.map(
      (row) => `${row.case.padEnd(32)} ${row.shape.padEnd(42)} ${row.ours.toPrecision(3).padStart(8)} ${row.unit}`,
    )
    return await putResult([`${adapter.description}`, ...lines].join('\n'))
  } finally {
    closeNodeGpu()
  }
}
