import { createStore, delMany, get, getMany, keys, setMany } from 'idb-keyval'
import { quoted } from '../config/quoted.ts'
import { FaultError, refused } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { Fault } from '../core/fault.ts'

/** Checkpoints in the browser's own storage (IndexedDB): files under names. */

/** What a list of checkpoints shows without opening them. */
export interface SavedCheckpoint {
  readonly name: string
  readonly step: number
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly saved: number
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/** The underlying storage: key/value pairs, several written or removed atomically. */
export interface KeyValueStore {
  keys(): Promise<readonly string[]>
  get(key: string): Promise<unknown>
  getMany(keys: readonly string[]): Promise<readonly unknown[]>
  setMany(entries: readonly (readonly [key: string, value: unknown])[]): Promise<void>
  removeMany(keys: readonly string[]): Promise<void>
  /** Free bytes, where the browser reports them. */
  left(): Promise<number | null>
}

/** IndexedDB through idb-keyval; one transaction per call. */
function indexedStore(): KeyValueStore {
  const store = createStore('tabcluster', 'checkpoints')
  return {
    keys: () => keys<string>(store),
    get: (key) => get<unknown>(key, store),
    getMany: (names) => getMany<unknown>([...names], store),
    setMany: (entries) =>
      setMany(
        entries.map(([key, value]): [string, unknown] => [key, value]),
        store,
      ),
    removeMany: (names) => delMany([...names], store),
    async left() {
      const { quota, usage } = await navigator.storage.estimate()
      return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage)
    },
  }
}

const INFO = 'info:'
const DATA = 'data:'

export class BrowserStore {
  constructor(
    private readonly store: KeyValueStore = indexedStore(),
    private readonly now: () => number = Date.now,
  ) {}

  /** Saved checkpoints, latest first. */
  async list(): Promise<SavedCheckpoint[]> {
    const names = (await this.store.keys()).filter((key) => key.startsWith(INFO))
    const found = (await this.store.getMany(names)).filter(isSaved)
    return found.sort((a, b) => b.saved - a.saved || (a.name < b.name ? -1 : 1))
  }

  /**
   * Saves a checkpoint's file under a name, replacing an existing one. Throws, with `isFull`, when there is no room.
   */
  async save(name: string, step: number, file: Blob): Promise<SavedCheckpoint> {
    const info: SavedCheckpoint = { name, step, bytes: file.size, saved: this.now() }
    try {
      await this.store.setMany([
        [INFO + name, info],
        [DATA + name, file],
      ])
    } catch (error) {
      if (!isQuota(error)) throw error
      const left = await this.store.left().catch(() => null)
      const [about, bytes] = [quoted(name), megabytes(file.size)]
      // Nothing was written, and what was there is untouched.
      throw new FaultError(
        left === null
          ? sentence('storage-full', { name: about, bytes })
          : sentence('storage-has-less', { name: about, bytes, left: megabytes(left) }),
      )
    }
    return info
  }

  /** The saved file, to resume from or to download. */
  async file(name: string): Promise<Blob> {
    const data = await this.store.get(DATA + name)
    if (!(data instanceof Blob)) throw refused('checkpoint', 'not-saved-here', { name: quoted(name) })
    return data
  }

  async remove(name: string): Promise<void> {
    await this.store.removeMany([INFO + name, DATA + name])
  }
}

/** Browsers throw it, or an abort that it caused. */
function isQuota(error: unknown): boolean {
  return error instanceof Error && (error.name === 'QuotaExceededError' || isQuota(error.cause))
}

/** Whether a checkpoint was not saved for want of room. */
export function isFull({ code }: Fault): boolean {
  return code === 'storage-full' || code === 'storage-has-less'
}

function isSaved(value: unknown): value is SavedCheckpoint {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'step' in value &&
    typeof value.step === 'number' &&
    'bytes' in value &&
    typeof value.bytes === 'number' &&
    'saved' in value &&
    typeof value.saved === 'number'
  )
}
