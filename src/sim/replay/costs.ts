import type { RunConfig } from '../../config/types.ts'
import { rooflineCosts } from '../cost/roofline-costs.ts'
import type { Cluster } from '../links.ts'
import type { ReplayCosts } from './walk.ts'

/** Durations of a configuration's ops on a cluster; what slows single ranks down is the replay's. */
export function costsOf(config: RunConfig, cluster: Cluster): ReplayCosts {
  const { data, tensor, pipeline, dataMode, server } = config.parallel
  const world = data * tensor * pipeline
  const hasCpuServer = dataMode === 'parameter-server' && server.at === 'cpu'
  return rooflineCosts(
    { onHost: new Set(hasCpuServer ? [world] : []), replicas: data * tensor },
    { ...cluster, slowdown: new Map() },
  )
}
