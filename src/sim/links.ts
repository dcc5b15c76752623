import type { INTER_NODE_LINKS, INTRA_NODE_LINKS } from '../config/names.ts'
import { refused } from '../core/errors.ts'
import type { ClusterConfig } from '../config/types.ts'
import type { Device } from './hardware.ts'
import { deviceOf } from './hardware.ts'

/** A link of one device (within a node) or one port (between nodes). */
export interface Link {
  readonly title: string
  /** Nominal payload bytes per second in one direction. */
  readonly bandwidth: number
  /** Seconds from start to arrival of an empty message, as seen by a collective library at one ring step. */
  readonly latencySeconds: number
  /** Share of the bandwidth reached by large messages. */
  readonly efficiency: number
  /** Passes of an all-reduced vector through device memory that the link does not hide. */
  readonly memoryPasses: number
  readonly source: string
}

const G = 1e9
const us = 1e-6

function link(
  title: string,
  gigabytes: number,
  latency: number,
  efficiency: number,
  memoryPasses: number,
  source: string,
): Link {
  return { title, bandwidth: gigabytes * G, latencySeconds: latency * us, efficiency, memoryPasses, source }
}

const NVLINK = 'NVIDIA whitepapers: links per GPU × bandwidth of a link in one direction'
const PCIE = 'PCI-SIG: 16 lanes after 128b/130b coding'
const IB = 'InfiniBand Trade Association: data rate of a 4x port'
const ETHERNET = 'IEEE 802.3 data rate'

/** Between devices of a node: the sum over a device's links. */
const INTRA_LINKS = {
  nvlink2: link('NVLink 2', 6 * 25, 4, 0.9, 0, NVLINK),
  nvlink3: link('NVLink 3', 12 * 25, 2.5, 0.98, 3.4, NVLINK),
  nvlink4: link('NVLink 4', 18 * 25, 2.5, 0.9, 3.4, NVLINK),
  nvlink5: link('NVLink 5', 18 * 50, 2.5, 0.9, 3.4, NVLINK),
  pcie3: link('PCIe 3', 15.75, 8, 0.8, 0, PCIE),
  pcie4: link('PCIe 4', 31.5, 8, 0.8, 0, PCIE),
  pcie5: link('PCIe 5', 63, 8, 0.8, 0, PCIE),
} as const satisfies Record<(typeof INTRA_NODE_LINKS)[number], Link>

/** Between nodes: one port. */
const INTER_LINKS = {
  'ib-edr100': link('InfiniBand EDR', 12.5, 2.2, 0.54, 0, IB),
  'ib-hdr200': link('InfiniBand HDR', 25, 2.2, 0.54, 0, IB),
  'ib-ndr400': link('InfiniBand NDR', 50, 2.2, 0.54, 0, IB),
  'ib-xdr800': link('InfiniBand XDR', 100, 2.2, 0.54, 0, IB),
  'eth-10g': link('10 Gbit/s Ethernet', 1.25, 40, 0.9, 0, ETHERNET),
  'eth-25g': link('25 Gbit/s Ethernet', 3.125, 30, 0.9, 0, ETHERNET),
  'eth-100g': link('100 Gbit/s Ethernet', 12.5, 38, 0.5, 0, ETHERNET),
  'eth-200g': link('200 Gbit/s Ethernet', 25, 38, 0.5, 0, ETHERNET),
  'eth-400g': link('400 Gbit/s Ethernet', 50, 38, 0.5, 0, ETHERNET),
} as const satisfies Record<(typeof INTER_NODE_LINKS)[number], Link>

export type IntraLinkName = keyof typeof INTRA_LINKS
export type InterLinkName = keyof typeof INTER_LINKS

/** The hardware a Program is clocked on: ranks fill nodes in order. */
export interface ClusterHardware {
  readonly device: Device
  readonly devicesPerNode: number
  /** Ports to the network per node, shared by its devices. */
  readonly nicsPerNode: number
  readonly intraNode: Link
  readonly interNode: Link
  /** From a device to its node's memory. */
  readonly hostLink: Link
  /** Ratio of the ports' bandwidth to that of the network behind them; 1: a full fat tree. */
  readonly oversubscription: number
  /** By rank: factor on its compute time. */
  readonly slowdown: ReadonlyMap<number, number>
}

function find<Name extends string>(table: Readonly<Record<Name, Link>>, name: string, field: string): Link {
  for (const [key, value] of Object.entries<Link>(table)) if (key === name) return value
  throw refused(field, 'name-not-in-table', { name, known: Object.keys(table).join(', ') })
}

/** @param own the measured "this". Throws RefusedError naming a device or link that is not in the tables. */
export function clusterOf(config: ClusterConfig, own?: Device): ClusterHardware {
  return {
    device: deviceOf(config.device, own),
    devicesPerNode: config.devicesPerNode,
    nicsPerNode: config.nicsPerNode ?? config.devicesPerNode,
    intraNode: find(INTRA_LINKS, config.intraNode, 'cluster.intraNode'),
    interNode: find(INTER_LINKS, config.interNode, 'cluster.interNode'),
    hostLink: find(INTRA_LINKS, config.hostLink, 'cluster.hostLink'),
    oversubscription: config.oversubscription,
    slowdown: new Map(config.stragglers.map(({ rank, slowdown }) => [rank, slowdown])),
  }
}

/** Bytes per second per device of its node's ports when all devices of the node send concurrently. */
export function interNodeShare({ interNode, nicsPerNode, devicesPerNode, oversubscription }: ClusterHardware): number {
  return (interNode.bandwidth * interNode.efficiency * nicsPerNode) / devicesPerNode / oversubscription
}
