import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeTaskHost } from '../../src/cluster/hosts/node-tasks.ts'
import type { RunEvent } from '../../src/cluster/run-events.ts'
import { RankError } from '../../src/core/errors.ts'
import { exitStatusOf } from '../../src/core/fault.ts'
import type { Refusal, RefusingDevices } from '../lib/refusing-device.ts'
import { refusingDevices } from '../lib/refusing-device.ts'
import { rankHostWith, startTest } from '../lib/run.ts'
import type { RankDevices } from '../lib/run.ts'

const TINY = {
  model: { layers: 1, heads: 2, embed: 8, context: 16, vocab: 256 },
  batch: { global: 2, microbatches: 1, sequence: 16 },
}

let devices: RefusingDevices
/** Opened while they refuse; no other file gets them. */
const opened: RankDevices = new Map()
const host = nodeTaskHost('memory', rankHostWith(opened))
beforeAll(async () => (devices = await refusingDevices()))
afterAll(async () => {
  devices.restore()
  for (const device of opened.values()) (await device).opened.dispose()
})

/** What a run said, and how it ended; `nth`: the allocation that the devices refuse. */
async function runRefusing(nth: number, how: Refusal, config: object) {
  const events: RunEvent[] = []
  devices.refuse(nth, how)
  const error = await startTest({ ...TINY, ...config }, { host, onEvent: (event) => void events.push(event) })
    .then((run) => run.finished)
    .then(
      () => null,
      (reason: unknown) => reason,
    )
  return { refused: devices.refused, error, events }
}

/** Refuses every `stride`-th buffer of a run in turn, until a run gets all of them; gives the labels of those refused. */
async function refuseInTurn(how: Refusal, exitStatus: number, stride: number, config: object): Promise<Set<string>> {
  const names = new Set<string>()
  for (let nth = 0; ; nth += stride) {
    const { refused, error, events } = await runRefusing(nth, how, config)
    if (refused === null) {
      expect(error).toBeNull()
      return names
    }
    names.add(refused)
    expect(error, refused).toBeInstanceOf(RankError)
    const { message, fault } = error as RankError
    const { rank } = fault
    expect(message).toMatch(new RegExp(`^rank ${rank}\\b`))
    expect(message).not.toContain('\n')
    if (how === 'out of memory') expect(message).toMatch(/out of memory: the adapter has no .*left for /)
    expect(message).toContain(refused === 'read' ? 'to read' : `(${refused})`)
    expect(exitStatusOf(fault), message).toBe(exitStatus)
    expect(fault.code).toMatch(how === 'out of memory' ? /^(buffer|gpu)-no-room$/ : /^gpu-refused/)
    expect(events.filter((event) => event.kind === 'done')).toEqual([])
    // What was trained before the final weights are read is right; nothing else is reported.
    if (refused !== 'read') expect(events.filter((event) => event.kind === 'step')).toEqual([])
    expect(events.filter((event) => event.kind === 'failed')).toMatchObject([{ fault }])
  }
}

describe('a buffer that the device refuses ends the run by name, and nothing computed without it is reported', () => {
  test('no memory left: every buffer of a run', async () => {
    const names = await refuseInTurn('out of memory', 3, 1, {})
    for (const name of ['uniforms', 'staging', 'read', 'hyper', 'mb0:in.tokens']) expect(names).toContain(name)
    expect(names.size).toBeGreaterThan(40)
  })

  test('invalid, on two ranks', async () => {
    expect((await refuseInTurn('invalid', 1, 13, { parallel: { data: 2 } })).size).toBeGreaterThan(4)
  })
})
