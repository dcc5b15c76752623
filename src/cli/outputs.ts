import { closeSync, openSync, rmSync, writeFile } from 'node:fs'
import { access, constants, realpath, rename, rm, stat } from 'node:fs/promises'
import { constants as machine } from 'node:os'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { FaultError, RefusedError, refused } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import { errorCode } from './read.ts'

/** A file that a command writes at its end; opened first, so that no work is lost to a wrong path. */
export interface Output {
  /** Writes all of it or nothing. Throws one line naming the option. */
  write(data: Uint8Array | string): Promise<void>
}

/** Files being written, removed when a signal ends the process. */
const unfinished = new Set<string>()
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function endBySignal(signal: (typeof SIGNALS)[number]): void {
  for (const part of unfinished) rmSync(part, { force: true })
  process.exit(128 + machine.signals[signal])
}

/** Signals are handled only while there is something to clean up: long synchronous work must stay interruptible. */
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

/** What a path refers to: a file (directly or through a link), or a device or pipe that is written as it is. */
async function targetOf(path: string): Promise<{ file: string; inPlace: boolean }> {
  const found = await stat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  })
  if (found === null) return { file: path, inPlace: false }
  if (found.isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' })
  await access(path, constants.W_OK)
  return { file: await realpath(path), inPlace: !found.isFile() }
}

const writeInto = promisify(writeFile)

/**
 * Writes a temporary file next to the target, then renames it. Opened synchronously, so that a signal finds an open
 * file.
 */
async function writeWhole(part: string, file: string, data: Uint8Array | string): Promise<void> {
  const descriptor = openSync(part, 'w')
  await clearedOnSignal(part, async () => {
    try {
      await writeInto(descriptor, data)
    } finally {
      closeSync(descriptor)
    }
    await rename(part, file)
  })
}

function tryWriting(part: string): void {
  closeSync(openSync(part, 'wx'))
  rmSync(part)
}

/** Throws RefusedError naming `option` when the path cannot be written. */
async function openOutput(option: string, path: string): Promise<Output> {
  if (path === '-' || path === '') throw refused(option, 'output-path-no-file', { path })
  const failed = (error: unknown) => ({ path, why: errorCode(error) })
  try {
    const { file, inPlace } = await targetOf(path)
    const part = `${file}.${process.pid}.part`
    if (!inPlace) tryWriting(part)
    return {
      async write(data) {
        try {
          if (inPlace) await writeInto(file, data)
          else await writeWhole(part, file, data)
        } catch (error) {
          if (!inPlace) await rm(part, { force: true })
          throw new FaultError(
            { ...sentence('output-cannot-be-written', failed(error)), field: option },
            { cause: error },
          )
        }
      },
    }
  } catch (error) {
    throw error instanceof RefusedError ? error : refused(option, 'output-cannot-be-opened', failed(error))
  }
}

/**
 * Opens every given path, by option; "-" for `out` is standard output, which needs no opening. Refused by option name:
 * an unwritable path, and one path given twice.
 */
export async function openOutputs<Option extends string>(
  paths: Readonly<Record<Option, string | undefined>>,
): Promise<Partial<Record<Option, Output>>> {
  const outputs: Partial<Record<Option, Output>> = {}
  const taken = new Map<string, string>()
  for (const [option, path] of Object.entries(paths) as [Option, string | undefined][]) {
    if (path === undefined || (option === 'out' && path === '-')) continue
    const place = resolve(path)
    if (taken.has(place)) throw refused(option, 'output-path-taken', { path, option: taken.get(place)! })
    taken.set(place, option)
    outputs[option] = await openOutput(option, path)
  }
  return outputs
}
