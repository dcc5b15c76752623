import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { executedTrace, idealTrace } from '../../../src/export/timeline-trace.ts'
import { movedBytes } from '../../../src/schedule/trace.ts'
import type { Trace } from '../../../src/schedule/trace.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import { buildProgram } from '../../../src/strategy/build.ts'

/** What Perfetto's JSON importer wants: names for every process and thread, times in order, nothing negative. */
function checkTrace(trace: Trace) {
  const events = (JSON.parse(JSON.stringify(trace)) as Trace).traceEvents
  const named = new Set<string>()
  let last = -Infinity
  for (const event of events) {
    expect(Number.isInteger(event.pid) && Number.isInteger(event.tid)).toBe(true)
    if (event.ph === 'M') {
      named.add(event.name === 'process_name' ? `${event.pid}` : `${event.pid} ${event.tid}`)
      continue
    }
    expect(event.ts).toBeGreaterThanOrEqual(last)
    last = event.ts
    if (event.ph === 'C') continue
    expect(event.dur).toBeGreaterThanOrEqual(0)
    expect(named).toContain(`${event.pid}`)
    expect(named).toContain(`${event.pid} ${event.tid}`)
  }
  return events.flatMap((event) => (event.ph === 'X' ? [event] : []))
}

const note = { detail: '0F1:h.0', kind: 'forward', microbatch: 1, stage: 0, bytes: null }

describe('a trace of executed ops', () => {
  const spans = [
    { rank: 1, op: 5, step: 2, stream: 'compute', start: 10.5, end: 10.75 },
    { rank: 0, op: 5, step: 2, stream: 'compute', start: 10.25, end: 10.5 },
    { rank: 0, op: 6, step: 2, stream: 'group:0,1', start: 10.25, end: 10.3 },
  ]
  it('has a process per rank, a thread per stream, microseconds from the first op', () => {
    const events = checkTrace(executedTrace(spans, () => note))
    expect(events.map(({ pid, tid, ts, dur }) => [pid, tid, ts, Math.round(dur)])).toEqual([
      [0, 0, 0, 250_000],
      [0, 1, 0, 50_000],
      [1, 0, 250_000, 250_000],
    ])
    expect(events[0]).toMatchObject({ name: '0F1:h.0', cat: 'forward', args: { step: 2, microbatch: 1, stage: 0 } })
    expect(events[0]!.args).not.toHaveProperty('bytes')
  })
  it('asks for each op once, and shows one nobody knows by its number', () => {
    let asked = 0
    const events = checkTrace(executedTrace([...spans, ...spans], () => (asked++, null)))
    expect(asked).toBe(3)
    expect(events[0]).toMatchObject({ name: 'op 5', cat: 'other' })
  })
  it('stands without spans', () => expect(checkTrace(executedTrace([], () => null))).toEqual([]))
})

it('the ideal timeline has a millisecond per tick, and says so', () => {
  const cell = { row: 0, start: 2, end: 3, kind: 'forward', label: 'F3', microbatch: 3, stage: 1, bytes: 8 }
  const trace = idealTrace([cell])
  expect(checkTrace(trace)).toMatchObject([
    { ts: 2000, dur: 1000, name: 'F3', args: { microbatch: 3, stage: 1, bytes: 8 } },
  ])
  expect(trace.otherData?.times).toContain('tick')
})

it.each([
  ['op by op', { parallel: { data: 2, pipeline: 2 } }],
  ['by stage', { precision: 'mixed-bf16', model: { preset: 'gpt2' }, parallel: { data: 2, pipeline: 2 } }],
])('a simulated step %s comes from the same writer', (_, config) => {
  const events = checkTrace(simulate(parseConfig(config, 'simulate')).trace())
  expect(new Set(events.map(({ pid }) => pid)).size).toBeGreaterThanOrEqual(2)
  expect(events.some(({ args }) => args?.microbatch === 1 && args.stage === 1)).toBe(true)
})

it('an exchange says its bytes, compute none', () => {
  const program = buildProgram(parseConfig({ parallel: { data: 2 } }))
  const step = program.ranks[0]!.step
  const reduced = step.filter(({ kind }) => kind === 'allReduce').map(movedBytes)
  const parameters = simulate(parseConfig({ parallel: { data: 2 } }, 'simulate')).result.ranks[0]!.predictedBytes
    .parameters
  expect(Math.max(...reduced.map((bytes) => bytes ?? 0))).toBeGreaterThan(0)
  expect(reduced.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)).toBeGreaterThanOrEqual(parameters * 0.9)
  expect(movedBytes(step.find(({ kind }) => kind === 'forward')!)).toBeNull()
})
