import { get, set } from 'idb-keyval'
import { describeVariants } from './choose-variants.ts'

/*
 * Where a measurement of an adapter's kernels is kept: IndexedDB in a browser (workers have it too), a file of the user's
 * cache directory in Node. Nothing here may fail a run: what cannot be kept is measured again.
 */

const KEY = 'tabcluster kernels'

/** Node's own modules, without an import that a bundle for the browser would have to explain. */
function node() {
  const load = globalThis.process?.versions?.node ? globalThis.process.getBuiltinModule : undefined
  if (!load) return null
  const [fs, os, path] = [load('node:fs'), load('node:os'), load('node:path')]
  const directory = path.join(globalThis.process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'tabcluster')
  return { fs, directory, file: path.join(directory, 'kernels.json') }
}

async function all(): Promise<Record<string, string>> {
  try {
    const here = node()
    const stored: unknown = here ? JSON.parse(here.fs.readFileSync(here.file, 'utf8')) : await get(KEY)
    return typeof stored === 'object' && stored !== null ? { ...(stored as Record<string, string>) } : {}
  } catch {
    return {}
  }
}

/** What was kept for this key, in the form of `describeVariants`; null when nothing was. */
export async function recall(key: string): Promise<string | null> {
  const value = (await all())[key]
  return typeof value === 'string' ? value : null
}

export async function remember(key: string, variants: Readonly<Record<string, string>>): Promise<void> {
  try {
    const next = { ...(await all()), [key]: describeVariants(variants) }
    const here = node()
    if (!here) return await set(KEY, next)
    here.fs.mkdirSync(here.directory, { recursive: true })
    // Beside it and renamed: a command that reads meanwhile sees the old file or the new one.
    const beside = `${here.file}.${globalThis.process.pid}`
    here.fs.writeFileSync(beside, JSON.stringify(next, null, 2))
    here.fs.renameSync(beside, here.file)
  } catch {
    // measured again next time
  }
}
