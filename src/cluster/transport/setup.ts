import { refused } from '../../core/errors.ts'
import { createMemoryHub } from './memory.ts'
import { createPortMesh, PortTransport, type PortSetup } from './ports.ts'
import { createSharedRings, SharedRingTransport, type SharedRingSetup } from './shared-ring.ts'
import type { Transport } from './transport.ts'

/** A rank of a hub in this thread: both ends must be opened here. */
export interface MemorySetup {
  readonly kind: 'memory'
  readonly rank: number
  readonly world: number
  readonly hub: number
}

/** What a coordinator sends a rank to open its transport; survives a structured clone. */
export type TransportSetup = MemorySetup | SharedRingSetup | PortSetup

interface Hub {
  readonly ranks: readonly Transport[]
  readonly opened: Set<number>
}

const hubs = new Map<number, Hub>()
let lastHub = 0

/** Bytes per ring: the data in flight to one peer. Unused rings take no memory, but many are opened at 16 ranks. */
function ringSize(world: number): number {
  return world <= 8 ? 1 << 20 : 1 << 18
}

/** One setup per rank. 'memory' for ranks that are tasks of this thread, the others for workers. */
export function createTransports(kind: TransportSetup['kind'], world: number): readonly TransportSetup[] {
  if (kind === 'ports') return createPortMesh(world)
  if (kind === 'shared-ring') return createSharedRings(world, ringSize(world))
  const hub = ++lastHub
  hubs.set(hub, { ranks: createMemoryHub(world), opened: new Set() })
  return Array.from({ length: world }, (_, rank) => ({ kind: 'memory', rank, world, hub }))
}

/** The transfer list for posting a setup. */
export function transfersOf(setup: TransportSetup): MessagePort[] {
  if (setup.kind === 'memory') return []
  const ports = setup.kind === 'ports' ? setup.ports : setup.pokes
  return ports.filter((port) => port !== null)
}

/** Releases the ends that no rank has opened. */
export function releaseTransports(setups: readonly TransportSetup[]): void {
  for (const setup of setups)
    if (setup.kind === 'memory') hubs.delete(setup.hub)
    // A port transferred to a rank's worker is detached: closing it does nothing.
    else for (const port of transfersOf(setup)) port.close()
}

/** Hubs with unopened ends. */
export function openHubs(): number {
  return hubs.size
}

/** Opens a rank's end; once per setup, in the thread that uses it. */
export function openTransport(setup: TransportSetup): Transport {
  if (setup.kind === 'ports') return new PortTransport(setup)
  if (setup.kind === 'shared-ring') return new SharedRingTransport(setup)
  const hub = hubs.get(setup.hub)
  const transport = hub?.ranks[setup.rank]
  if (hub === undefined || transport === undefined || hub.opened.has(setup.rank)) {
    throw refused('transport', 'memory-hub-unknown', { rank: setup.rank, hub: setup.hub })
  }
  hub.opened.add(setup.rank)
  if (hub.opened.size === setup.world) hubs.delete(setup.hub)
  return transport
}
