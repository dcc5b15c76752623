import type { RunConfig } from '../config/types.ts'

/** The data-parallel half of a name: "ddp-4", "zero2-4", "fsdp-2", "server-3"; nothing for one replica. */
function replicasName({ data, dataMode, zero }: RunConfig['parallel']): string[] {
  if (data === 1) return []
  const how = dataMode === 'ddp' ? (zero === 3 ? 'fsdp' : zero > 0 ? `zero${zero}` : 'ddp') : dataMode
  return [`${how}-${data}`]
}

/** A short name of a configuration: "one-device", "ddp-4", "zb-h1-4", "ddp-2-tp-2-1f1b-2". */
export function configName({ parallel }: Pick<RunConfig, 'parallel'>): string {
  const { tensor, pipeline, schedule } = parallel
  const parts = [
    ...replicasName(parallel),
    ...(tensor > 1 ? [`tp-${tensor}`] : []),
    ...(pipeline > 1 ? [`${schedule}-${pipeline}`] : []),
  ]
  return parts.length > 0 ? parts.join('-') : 'one-device'
}

/** A descriptive file name: "tabcluster-ddp-4-loss.svg". */
export function downloadName(config: Pick<RunConfig, 'parallel'>, what: string, extension: string): string {
  return `tabcluster-${configName(config)}-${what}.${extension}`
}
