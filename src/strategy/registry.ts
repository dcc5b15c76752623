import type { RunConfig } from '../config/types.ts'
import { lowerAsyncServer } from './data/async-server.ts'
import { lowerDataParallel } from './data/data-parallel.ts'
import { lowerDdp } from './data/ddp.ts'
import { lowerParameterServer } from './data/parameter-server.ts'
import { lowerZero } from './data/zero.ts'
import type { RankDraft } from './draft.ts'
import type { BuildContext } from './ranks.ts'

/** How replicas share the work. To add one: a pure file with a lowering, a row here, a test. First match wins. */
export interface DataStrategy {
  readonly name: string
  readonly applies: (config: RunConfig) => boolean
  /** Ranks without a device, after those that train; none where absent. */
  readonly servers?: (config: RunConfig) => number
  /** A rank's forward and backward ops → its exchanges, updates and reports. */
  readonly lower: (rank: number, context: BuildContext) => RankDraft
}

const cpuServers = ({ parallel }: RunConfig) => (parallel.server.at === 'cpu' ? 1 : 0)

export const DATA_STRATEGIES: readonly DataStrategy[] = [
  {
    name: 'async-server',
    applies: ({ parallel }) => parallel.dataMode === 'parameter-server' && parallel.server.async,
    servers: cpuServers,
    lower: lowerAsyncServer,
  },
  {
    name: 'parameter-server',
    applies: ({ parallel }) => parallel.dataMode === 'parameter-server',
    servers: cpuServers,
    lower: lowerParameterServer,
  },
  {
    name: 'data-parallel',
    applies: ({ parallel }) => parallel.dataMode === 'data-parallel' && parallel.data > 1,
    lower: lowerDataParallel,
  },
  {
    name: 'zero',
    applies: ({ parallel }) => parallel.zero > 0 && (parallel.data > 1 || parallel.fsdp.cpuOffload),
    lower: lowerZero,
  },
  // Everything else, one device included: the smallest DDP has one replica.
  { name: 'ddp', applies: () => true, lower: lowerDdp },
]
