import { readFile, writeFile } from 'node:fs/promises'
import { RefusedError } from '../core/errors.ts'

/** A file's bytes; '-' is standard input. Throws RefusedError naming `option` when it cannot be read. */
export async function readBytes(path: string, option: string): Promise<Uint8Array> {
  try {
    if (path !== '-') return await readFile(path)
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array))
    return Buffer.concat(chunks)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new RefusedError(option, `"${path}" cannot be read (${code})`)
  }
}

export async function readText(path: string, option: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path, option))
}

/** A configuration: a file, '-' for standard input, or JSON in place of a path. */
export async function readJson(argument: string, option: string): Promise<unknown> {
  const text = /^\s*[[{]/.test(argument) ? argument : await readText(argument, option)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new RefusedError(
      option,
      `${argument.startsWith('{') ? 'the JSON' : `"${argument}"`} is not JSON (${error instanceof Error ? error.message : ''})`,
    )
  }
}

/** Writes a whole file or none of it: first beside its place, then in it. */
export async function writeWhole(path: string, data: Uint8Array | string): Promise<void> {
  const { rename, rm } = await import('node:fs/promises')
  const beside = `${path}.${process.pid}.part`
  try {
    await writeFile(beside, data)
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not writable'
    throw new RefusedError('out', `"${path}" cannot be written (${code})`)
  }
}

/** The result: to a file, or to standard output, which carries nothing else. */
export async function putResult(text: string, out: string | undefined): Promise<void> {
  if (out === undefined || out === '-') {
    await new Promise<void>((resolve, reject) =>
      process.stdout.write(`${text}\n`, (error) => (error ? reject(error) : resolve())),
    )
  } else await writeWhole(out, `${text}\n`)
}

/** Progress on standard error: one live line on a terminal, plain lines elsewhere. */
export class Progress {
  private open = false

  say(line: string): void {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[K${line}`)
      this.open = true
    } else process.stderr.write(`${line}\n`)
  }

  end(): void {
    if (this.open) process.stderr.write('\n')
    this.open = false
  }
}
