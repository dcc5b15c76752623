import type { Output } from './outputs.ts'
import { codeOf } from './read.ts'

/** The result: to the file of --out, or to standard output, which carries nothing else. Throws one line when it cannot. */
export async function putResult(text: string, out?: Output): Promise<void> {
  if (out) return out.write(`${text}\n`)
  await new Promise<void>((resolve, reject) =>
    process.stdout.write(`${text}\n`, (error) =>
      error ? reject(new Error(`standard output cannot be written (${codeOf(error)})`)) : resolve(),
    ),
  )
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
