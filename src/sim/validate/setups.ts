import { DEFAULTS, parseConfig } from '../../config/parse.ts'
import type { ModelConfig, RunConfig } from '../../config/types.ts'
import { gpt2Shape } from '../../model/shape.ts'
import type { DeviceName } from '../hardware.ts'
import { clusterOf, type ClusterHardware, type InterLinkName, type IntraLinkName } from '../links.ts'
import { simulateFigures, type StepFigures } from '../simulate.ts'

/** A GPT-2 shape: MLP four times as wide, tied head. */
export function gptShape(layers: number, heads: number, embed: number, context: number, vocab: number): ModelConfig {
  return { preset: null, attention: null, dropout: null, ...gpt2Shape(layers, heads, embed, context, vocab) }
}

/** Nodes of eight, as the cluster block of a configuration. */
export function nodesOfEight(device: DeviceName, intraNode: IntraLinkName, interNode: InterLinkName, nicsPerNode = 8) {
  return { device, devicesPerNode: 8, nicsPerNode, intraNode, interNode, hostLink: 'pcie4' } as const
}

/** The same as a cluster. */
export function nodesOf(...nodes: Parameters<typeof nodesOfEight>): ClusterHardware {
  return clusterOf({ ...DEFAULTS.cluster, ...nodesOfEight(...nodes) })
}

/** A published run in configuration terms: samples per micro-batch instead of per batch. */
export interface PublishedRun {
  readonly precision: RunConfig['precision']
  readonly model: object
  readonly sequence: number
  readonly microBatch: number
  /** Per replica. */
  readonly microbatches: number
  readonly parallel: Partial<RunConfig['parallel']>
  readonly cluster: ReturnType<typeof nodesOfEight> & Pick<RunConfig['cluster'], 'software'>
}

export function publishedConfig({ microBatch, microbatches, sequence, ...run }: PublishedRun): RunConfig {
  const global = microBatch * microbatches * (run.parallel.data ?? 1)
  return parseConfig({ ...run, batch: { global, microbatches, sequence } }, 'simulate')
}

/** The simulation of a published run; published figures do not distinguish ranks of an axis. */
export function publishedFigures(run: PublishedRun): StepFigures {
  return simulateFigures(publishedConfig(run), { mergeEqualRanks: true })
}

export function publishedSeconds(run: PublishedRun): number {
  return publishedFigures(run).stepSeconds
}

/** Every second row was used for fitting. */
export function isSeen(index: number): boolean {
  return index % 2 === 0
}
