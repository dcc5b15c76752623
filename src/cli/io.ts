import { FaultError } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { Output } from './outputs.ts'
import { errorCode } from './read.ts'

/**
 * Writes the result to the file of --out, or to standard output, which carries nothing else. Throws one line on
 * failure.
 */
export async function putResult(text: string, out?: Output): Promise<void> {
  if (out) return out.write(`${text}\n`)
  await new Promise<void>((resolve, reject) =>
    process.stdout.write(`${text}\n`, (error) =>
      error ? reject(new FaultError(sentence('stdout-cannot-be-written', { why: errorCode(error) }))) : resolve(),
    ),
  )
}

/** Characters of a message that are kept: the beginning names the field, the end says what is allowed. */
const [BEGINNING, END] = [700, 300]

/**
 * A message as one line of limited length, with control characters escaped: user-supplied names must not act on the
 * terminal.
 */
export function oneLine(message: string): string {
  const text = message.trimEnd().replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, escaped)
  return text.length <= BEGINNING + END + 3 ? text : `${text.slice(0, BEGINNING)} … ${text.slice(-END)}`
}

function escaped(control: string): string {
  const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[control]
  return short ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Progress on standard error: one live line on a terminal, plain lines elsewhere. */
export class ProgressLine {
  private open = false

  show(line: string): void {
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
