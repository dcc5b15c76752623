import type { ModelConfig } from '../../config/types.ts'
import { gpt2Shape } from '../../model/shape.ts'
import { DEVICES, type DeviceName } from '../hardware.ts'
import { INTER_LINKS, INTRA_LINKS, type Cluster, type InterLinkName, type IntraLinkName } from '../links.ts'

/** A GPT-2 shape: MLP four times as wide, tied head. */
export function gptShape(layers: number, heads: number, embed: number, context: number, vocab: number): ModelConfig {
  return { preset: null, attention: null, dropout: null, ...gpt2Shape(layers, heads, embed, context, vocab) }
}

/** Nodes of eight. */
export function nodesOf(device: DeviceName, intra: IntraLinkName, inter: InterLinkName, nicsPerNode = 8): Cluster {
  return {
    device: DEVICES[device],
    devicesPerNode: 8,
    nicsPerNode,
    intraNode: INTRA_LINKS[intra],
    interNode: INTER_LINKS[inter],
    hostLink: INTRA_LINKS.pcie4,
    oversubscription: 1,
    slowdown: new Map(),
  }
}

/** Every second row is what the parameters were fitted on. */
export function isSeen(index: number): boolean {
  return index % 2 === 0
}
