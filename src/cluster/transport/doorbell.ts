/**
 * One counter in shared memory per rank, incremented by whoever changes something the rank waits for. Waiting never
 * blocks the thread (a blocked worker cannot receive from its GPU): Atomics.waitAsync where available, else a message
 * over a port.
 */

interface WaitAsync {
  waitAsync(
    cells: Int32Array,
    index: number,
    value: number,
  ): { readonly async: false; readonly value: string } | { readonly async: true; readonly value: Promise<string> }
}

function offersWaitAsync(atomics: typeof Atomics): atomics is typeof Atomics & WaitAsync {
  return 'waitAsync' in atomics && typeof atomics.waitAsync === 'function'
}

/** Whether this platform can wait on shared memory without blocking. */
export function canWaitAsync(): boolean {
  return offersWaitAsync(Atomics)
}

export class Doorbell {
  private pending: (() => void) | null = null
  /** In Node a wait on shared memory does not keep a thread alive; a listening port does. */
  private readonly alive = new MessageChannel()

  /**
   * @param cells one Int32 per rank, shared by all; @param pokes a port per peer, null at the own index; empty where
   * Atomics.waitAsync is used
   */
  constructor(
    private readonly cells: Int32Array,
    private readonly rank: number,
    private readonly pokes: readonly (MessagePort | null)[],
  ) {
    this.alive.port1.onmessage = nothing
    for (const port of pokes) if (port !== null) port.onmessage = () => this.wake()
  }

  /** The current counter: read it, look for work, then wait for it to change. */
  read(): number {
    return Atomics.load(this.cells, this.rank)
  }

  ring(peer: number): void {
    Atomics.add(this.cells, peer, 1)
    if (peer === this.rank) this.wake()
    if (this.pokes.length > 0) this.pokes[peer]?.postMessage(0)
    else Atomics.notify(this.cells, peer)
  }

  /** Resolves once the counter differs from `seen`. */
  changed(seen: number): Promise<void> | undefined {
    if (this.read() !== seen) return undefined
    if (this.pokes.length === 0 && offersWaitAsync(Atomics)) {
      const wait = Atomics.waitAsync(this.cells, this.rank, seen)
      return wait.async ? wait.value.then(nothing) : undefined
    }
    // A poke sent before this moment is still in the port's queue, so it cannot be missed.
    return new Promise((resolve) => {
      this.pending = resolve
    })
  }

  private wake(): void {
    const resolve = this.pending
    this.pending = null
    resolve?.()
  }

  close(): void {
    this.ring(this.rank)
    this.alive.port1.close()
    for (const port of this.pokes) port?.close()
  }
}

function nothing(): void {}
