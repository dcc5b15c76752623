import { sentence } from './fault.ts'
import type { Fault } from './fault.ts'

/** Why a worker failed: what its browser says, or `silent` where it says nothing. */
export function workerFault({ message }: Pick<ErrorEvent, 'message'>, silent: Fault): Fault {
  return message ? sentence('unexpected', { message }) : silent
}
