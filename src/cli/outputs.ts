import { rmSync } from 'node:fs'
import { access, constants, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { constants as machine } from 'node:os'
import { resolve } from 'node:path'
import { RefusedError } from '../core/errors.ts'
import { codeOf } from './read.ts'

/** A file that a command writes when its work is done: tried before it, so that no work is lost to a wrong path. */
export interface Output {
  /** Writes all of it or nothing. Throws one line that names the option. */
  write(data: Uint8Array | string): Promise<void>
}

/** Files being written: gone when a signal ends the process in the middle. */
const unfinished = new Set<string>()
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function endBySignal(signal: (typeof SIGNALS)[number]): void {
  for (const part of unfinished) rmSync(part, { force: true })
  process.exit(128 + machine.signals[signal])
}

/** Signals are heard only while there is something to clear away: long work without a pause in it must stay interruptible. */
async function clearedOnSignal<Value>(part: string, work: () => Promise<Value>): Promise<Value> {
  if (unfinished.size === 0) for (const signal of SIGNALS) process.on(signal, endBySignal)
  unfinished.add(part)
  try {
    return await work()
  } finally {
    unfinished.delete(part)
    if (unfinished.size === 0) for (const signal of SIGNALS) process.off(signal, endBySignal)
  }
}

/** Where a path leads: to a file (itself or through a link), or to something that is written into as it is. */
async function targetOf(path: string): Promise<{ file: string; inPlace: boolean }> {
  const found = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
  if (found === null) return { file: path, inPlace: false }
  if (found.isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' })
  await access(path, constants.W_OK)
  return { file: await realpath(path), inPlace: !found.isFile() }
}

async function tryWriting(part: string): Promise<void> {
  const file = await open(part, 'wx')
  await file.close()
  await rm(part)
}

/** Throws RefusedError naming `option` when the path cannot be written. */
async function openOutput(option: string, path: string): Promise<Output> {
  if (path === '-') throw new RefusedError(option, '"-" is no file; it takes a path')
  const failed = (error: unknown) => `"${path}" cannot be written (${codeOf(error)})`
  try {
    const { file, inPlace } = await targetOf(path)
    const part = `${file}.${process.pid}.part`
    if (!inPlace) await clearedOnSignal(part, () => tryWriting(part))
    return {
      async write(data) {
        try {
          if (inPlace) await writeFile(file, data)
          else
            await clearedOnSignal(part, async () => {
              await writeFile(part, data)
              await rename(part, file)
            })
        } catch (error) {
          if (!inPlace) await rm(part, { force: true })
          throw new Error(`${option}: ${failed(error)}`, { cause: error })
        }
      },
    }
  } catch (error) {
    throw error instanceof RefusedError ? error : new RefusedError(option, failed(error))
  }
}

/** Opens every path that is given, by option; "-" for `out` is standard output, which needs no opening. Refused by the option's name: what cannot be written, and one path for two. */
export async function openOutputs<Option extends string>(
  paths: Readonly<Record<Option, string | undefined>>,
): Promise<Partial<Record<Option, Output>>> {
  const outputs: Partial<Record<Option, Output>> = {}
  const taken = new Map<string, string>()
  for (const [option, path] of Object.entries(paths) as [Option, string | undefined][]) {
    if (path === undefined || (option === 'out' && path === '-')) continue
    const place = resolve(path)
    if (taken.has(place)) throw new RefusedError(option, `"${path}" is also what --${taken.get(place)} writes`)
    taken.set(place, option)
    outputs[option] = await openOutput(option, path)
  }
  return outputs
}
