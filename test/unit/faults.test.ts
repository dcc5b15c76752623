import { describe, expect, expectTypeOf, test } from 'vitest'
import { localPortPair } from '../../src/cluster/hosts/local-ports.ts'
import type { ConductorReply } from '../../src/cluster/conductor-protocol.ts'
import type { RankReply, RankRequest } from '../../src/cluster/protocol.ts'
import { explainConfig } from '../../src/config/explain.ts'
import { CATEGORIES } from '../../src/core/bytes.ts'
import { FaultError, OutOfMemoryError, RankError, RefusedError } from '../../src/core/errors.ts'
import { errorOf, faultOf, onRank, refused } from '../../src/core/errors.ts'
import { FAULTS } from '../../src/core/fault-table.ts'
import { englishOf, exitStatusOf, joined, kindOf, lineOf, sentence } from '../../src/core/fault.ts'
import type { Fault, PageCode, SentenceCode } from '../../src/core/fault.ts'
import { reduceRun, IDLE } from '../../src/state/run-state.ts'
import { faultInChinese, lineInChinese } from '../../src/ui/text/fault-text.ts'
import { FAULTS_ZH, isTranslated, translated } from '../../src/ui/text/faults-zh.ts'

const codes = Object.keys(FAULTS) as SentenceCode[]
const namesIn = (text: string) => new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))

describe('the tables', () => {
  test('take no sentence without its values, no value without a name, no code of another kind', () => {
    sentence('tensor-missing', { name: 'wte' })
    // @ts-expect-error
    sentence('tensor-missing')
    // @ts-expect-error
    sentence('tensor-missing', { tensor: 'wte' })
    // @ts-expect-error
    sentence('tensor-missed', { name: 'wte' })
    // @ts-expect-error
    refused('weights', 'device-lost', { reason: 'unknown', why: 'gone' })
    expectTypeOf(sentence('header-not-json')).toMatchTypeOf<Fault>()
    // @ts-expect-error A phrase is no failure.
    expectTypeOf(sentence('gpu-submit')).toMatchTypeOf<Fault>()
  })

  test('have no hole in Chinese, and no name there that the sentence does not have', () => {
    // @ts-expect-error
    translated({ ...FAULTS_ZH, 'tensor-missing': undefined })
    // @ts-expect-error
    translated({ 'tensor-missing': '缺少 {name}' })
    const table: Record<PageCode, string> = FAULTS_ZH
    const { ...rest } = table
    translated(rest)
    // @ts-expect-error
    translated({ ...rest, 'tensor-missing': '缺少 {tensor}' })
    // @ts-expect-error A command line is not translated.
    translated({ ...rest, 'none-simulated': '{count}' })
  })

  test('every sentence of a page is Chinese, with the same values; those of a command line alone are not there', () => {
    expect(Object.keys(FAULTS_ZH).toSorted()).toEqual(codes.filter((code) => !FAULTS[code].commandLine).toSorted())
    for (const code of codes) {
      if (!isTranslated(code)) continue
      expect(namesIn(FAULTS_ZH[code]), code).toEqual(namesIn(FAULTS[code].text))
      if (/[a-z]/i.test(FAULTS[code].text.replaceAll(/\{\w+\}/g, '')))
        expect(FAULTS_ZH[code], code).toMatch(/[\u4e00-\u9fff]/)
    }
  })

  test('no sentence is there twice', () => {
    const texts = codes.filter((code) => FAULTS[code].kind !== 'phrase').map((code) => FAULTS[code].text)
    const twice = texts.filter((text, i) => text !== '{found}' && texts.indexOf(text) !== i)
    // One where it is refused, one where it fails while it is written.
    expect(twice).toEqual(['"{path}" cannot be written ({why})'])
  })

  test('memory categories have words', () => {
    for (const category of CATEGORIES) expect(englishOf(sentence(category))).toBe(category)
  })
})

test('kind and exit status follow from the code, and an unknown failure of a rank is its rank’s', () => {
  const told = (fault: Fault) => [kindOf(fault), exitStatusOf(fault)]
  expect(told(refused('seed', 'not-a-boolean', { value: 3 }).fault)).toEqual(['refused', 2])
  expect(told(sentence('gpu-no-room', { what: 'it' }))).toEqual(['outOfMemory', 3])
  expect(told({ ...sentence('gpu-no-room', { what: 'it' }), rank: 1 })).toEqual(['outOfMemory', 3])
  expect(told(sentence('device-lost', { reason: 'unknown', why: '' }))).toEqual(['deviceLost', 1])
  expect(told(sentence('no-adapter'))).toEqual(['noAdapter', 1])
  expect(told(sentence('no-webgpu'))).toEqual(['noWebGpu', 1])
  expect(told(sentence('run-over'))).toEqual(['other', 1])
  expect(told({ ...sentence('worker-ended'), rank: 0 })).toEqual(['rank', 1])
  for (const code of codes) expect(Object.keys(FAULTS[code])).toEqual(['kind', 'text', 'commandLine'])
})

test.each([
  ['a kernel said: device lost', 'rank'],
  ['no default adapter', 'rank'],
  ['adapter missing', 'rank'],
  ['out of memory', 'rank'],
])('a rank whose error merely reads "%s" is no more than a failed rank', (message, kind) => {
  const fault = onRank(faultOf(new Error(message)), 2, '0F0')
  const { failure, phase } = reduceRun(IDLE, { kind: 'failed', fault, result: null })
  expect(phase).toBe('failed')
  expect(failure).toEqual({ code: 'unexpected', values: { message }, rank: 2, op: '0F0' })
  expect(kindOf(failure!)).toBe(kind)
})

test('a device that is lost is that under any wording, on its rank', () => {
  const lost = onRank(sentence('device-lost', { reason: 'unknown', why: 'driver gone' }), 1, 'OPTIMIZER_STEP')
  expect(kindOf(lost)).toBe('deviceLost')
  expect(lineOf(lost)).toBe('rank 1 at OPTIMIZER_STEP: the GPU device was lost (unknown): driver gone')
})

test('a fault becomes the error that it was, and says the same', () => {
  const bytes = sentence('buffer-no-room', { bytes: '1.00 MB', category: sentence('gradients'), label: 'dx' })
  for (const [fault, type] of [
    [refused('weights', 'tensor-missing', { name: 'wte' }).fault, RefusedError],
    [bytes, OutOfMemoryError],
    [onRank(bytes, 3, null), RankError],
    [faultOf(new Error('boom')), FaultError],
  ] as const) {
    const error = errorOf(fault)
    expect(error).toBeInstanceOf(type)
    expect(error.message).toBe(lineOf(fault))
    expect(faultOf(error)).toBe(fault)
  }
  expect(faultOf('boom')).toEqual({ code: 'unexpected', values: { message: 'boom' } })
})

test('a field stays what is refused, also on a rank; the first rank stays', () => {
  const { fault } = refused('cluster.adapters', 'no-adapter-at-all', { choice: 'fallback' })
  expect(onRank(fault, 1, null)).toBe(fault)
  expect(lineOf(onRank(fault, 1, '0F0'))).toMatch(/^rank 1 at 0F0: cluster\.adapters: this machine /)
  const first = onRank(sentence('worker-ended'), 1, null)
  expect(onRank(first, 2, '0F0')).toBe(first)
})

test('a fault crosses the protocols of ranks and of the conductor unchanged', async () => {
  const fault = onRank(sentence('gpu-no-room', { what: sentence('gpu-write', { bytes: 8, buffer: 'x' }) }), 1, '0F0')
  const { coordinator, rank } = localPortPair()
  const heard = new Promise<RankReply>((resolve) => coordinator.listen(resolve))
  rank.post({ kind: 'failed', fault })
  expect(await heard).toEqual({ kind: 'failed', fault })
  const told = new Promise<RankRequest>((resolve) => rank.listen(resolve))
  coordinator.post({ kind: 'abort', fault })
  expect(await told).toEqual({ kind: 'abort', fault })
  const replies: ConductorReply[] = [
    { kind: 'event', event: { kind: 'failed', fault, result: null } },
    { kind: 'crashed', fault },
    { kind: 'refusal', id: 1, fault },
  ]
  for (const reply of replies) expect(structuredClone(reply)).toEqual(reply)
  expect(lineOf(structuredClone(fault))).toBe(
    'rank 1 at 0F0: out of memory: the adapter has no room left for a write of 8 bytes (x)',
  )
})

test('several values are one', () => {
  expect(englishOf(sentence('several-data-sources', { sources: joined('both', ['a', 'b', 'c']) }))).toBe(
    'a and b and c given; give one of corpus, text, tokens',
  )
  expect(joined('either', ['a'])).toBe('a')
})

describe('in Chinese', () => {
  test('values and sentences within sentences are worded, too', () => {
    const [problem] = explainConfig({ parallel: { tensor: 3 } })
    expect(problem!.field).toBe('parallel.tensor')
    expect(faultInChinese(problem!)).toMatch(/^3 不能整除 model\.heads：\d+$/)
    const [mode] = explainConfig({
      parallel: { data: 2, pipeline: 2, dataMode: 'parameter-server' },
      batch: { microbatches: 2 },
    })
    expect(faultInChinese(mode!)).toContain('优化器在服务器上')
    const reasons = [sentence('layout-samples-too-few'), sentence('layout-crosses-nodes')]
    expect(faultInChinese(sentence('no-layout-makes-sense', { devices: 8, reasons }))).toBe(
      '8 个设备上没有合理的布局（样本数少于设备数；张量组会跨越节点）',
    )
  })

  test('what a rank or a file says is, wherever it comes from', () => {
    const limit = sentence('buffer-over-limit', {
      bytes: '1.15 GB',
      category: sentence('parameters'),
      label: 'param:wte.weight',
      limit: '1.07 GB',
    })
    expect(faultInChinese(limit)).toBe(
      '显存不足：参数（param:wte.weight）的 1.15 GB 超出此适配器单个缓冲区的上限 1.07 GB',
    )
    expect(faultInChinese(sentence('biases-missing', { name: 'h.0.ln_1.bias', more: 12 }))).toBe(
      '缺少 h.0.ln_1.bias 以及另外 12 个偏置',
    )
    expect(faultInChinese(sentence('unexpected', { message: 'as it is' }))).toBe('as it is')
  })
})

test('a line in Chinese begins with the rank and op, or the step, or the field as it is named', () => {
  const lost = onRank(sentence('device-lost', { reason: 'unknown', why: 'driver gone' }), 1, 'OPTIMIZER_STEP')
  expect(lineInChinese(lost)).toBe('rank 1 在 OPTIMIZER_STEP 处：GPU 设备已丢失（unknown）：driver gone')
  const loss = { ...sentence('loss-not-finite-at-start', { loss: NaN, gradNorm: 1 }), step: 3 }
  expect(lineInChinese(loss)).toMatch(/^第 4 步：尚未更新，损失就已是 NaN/)
  expect(lineOf(loss)).toMatch(/^step 4: the loss is NaN and the gradient norm 1 before any update/)
  expect(lineInChinese(refused('weights', 'tensor-missing', { name: 'wte' }).fault)).toBe('weights: 缺少 wte')
})
