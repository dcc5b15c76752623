import { get, set } from 'idb-keyval'
import { describeVariants } from './choose-variants.ts'

/*
 * Cache of kernel measurements per adapter: IndexedDB in a browser (also in workers), a file in the user's cache
 * directory in Node. Nothing here may fail a run: what cannot be stored is measured again.
 */

const KEY = 'tabcluster kernels'

/** Node's own modules, without an import that a browser bundle would have to resolve. */
function node() {
  const load = globalThis.process?.versions?.node ? globalThis.process.getBuiltinModule : undefined
  if (!load) return null
  const [fs, os, path] = [load('node:fs'), load('node:os'), load('node:path')]
  const directory = path.join(globalThis.process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'tabcluster')
  return { fs, directory, file: path.join(directory, 'kernels.json') }
}

async function all(): Promise<Record<string, string>> {
  try {
    const storage = node()
    const stored: unknown = storage ? JSON.parse(storage.fs.readFileSync(storage.file, 'utf8')) : await get(KEY)
    return typeof stored === 'object' && stored !== null ? { ...(stored as Record<string, string>) } : {}
  } catch {
    return {}
  }
}

/** The stored variants for this key, in the form of `describeVariants`, or null. */
export async function storedVariants(key: string): Promise<string | null> {
  const value = (await all())[key]
  return typeof value === 'string' ? value : null
}

export async function storeVariants(key: string, variants: Readonly<Record<string, string>>): Promise<void> {
  try {
    const next = { ...(await all()), [key]: describeVariants(variants) }
    const storage = node()
    if (!storage) return await set(KEY, next)
    storage.fs.mkdirSync(storage.directory, { recursive: true })
    // Written next to it and renamed, so that a concurrent reader sees the old file or the new one.
    const temporary = `${storage.file}.${globalThis.process.pid}`
    storage.fs.writeFileSync(temporary, JSON.stringify(next, null, 2))
    storage.fs.renameSync(temporary, storage.file)
  } catch {
    // measured again next time
  }
}
