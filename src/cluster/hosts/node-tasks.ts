import { openDevice } from '../../gpu/device.ts'
import type { ClusterHost } from '../cluster.ts'
import type { RankHost } from '../rank.ts'
import { Rank } from '../rank.ts'
import { createTransports, openTransport } from '../transport/setup.ts'
import type { TransportSetup } from '../transport/setup.ts'
import { localPortPair } from './local-ports.ts'
import { openNodeGpu } from './node-gpu.ts'

/** How a rank opens its device in Node. */
export const nodeRankHost: RankHost = {
  async openGpu(request) {
    const { memoryBytes } = request.config.cluster
    return openDevice({
      gpu: await openNodeGpu(),
      adapter: request.adapter,
      budgetBytes: memoryBytes,
      variants: request.variants,
    })
  },
  openTransport: (request) => openTransport(request.transport),
}

/**
 * Ranks as tasks of this thread, each with its own device. One thread polls Dawn for all of them, which is faster here
 * than one thread each. Any transport works within one thread; the default is plain memory.
 */
export function nodeTaskHost(
  transport: TransportSetup['kind'] = 'memory',
  rankHost: RankHost = nodeRankHost,
): ClusterHost {
  return {
    name: 'node-tasks',
    async spawn(world) {
      const lines = Array.from({ length: world }, () => localPortPair())
      for (const line of lines) new Rank(line.rank, rankHost)
      return {
        ports: lines.map((line) => line.coordinator),
        transports: createTransports(transport, world),
        terminate() {},
      }
    },
  }
}
