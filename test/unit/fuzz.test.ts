import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesSource, openSafetensors, readTensor, serializeSafetensors } from '../../src/checkpoint/safetensors.ts'
import { checkpointParts, readCheckpoint, type Checkpoint } from '../../src/checkpoint/store.ts'
import { minimalConfig } from '../../src/config/minimal.ts'
import { parseConfig, readConfig } from '../../src/config/parse.ts'
import { inputFromUrl, inputToUrl } from '../../src/config/url.ts'
import { RefusedError } from '../../src/core/errors.ts'
import { parameterTable } from '../../src/model/parameters.ts'
import { randomInput } from '../lib/random-config.ts'

/*
 * What comes from outside, damaged at random with fixed seeds: it is taken whole or refused in one line, never anything else.
 */

const isFull = process.env.TABCLUSTER_FULL === '1'
/** Of the longest refusal: names and values are cut. */
const LONGEST_LINE = 2000

/** Whether it was taken; refusals are counted, everything else fails the test. */
async function taken(read: () => unknown): Promise<boolean> {
  try {
    await read()
    return true
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    expect(error.fault.field).toBeTruthy()
    expect(error.message).not.toMatch(/[\r\n]/)
    expect(error.message.length).toBeLessThan(LONGEST_LINE)
    return false
  }
}

/** Some must be taken and some refused: else the damage is too much or too little to show anything. */
function expectBoth(what: string, counts: { taken: number; refused: number }): void {
  console.log(`${what}: ${counts.taken} taken, ${counts.refused} refused`)
  expect(counts.taken, `${what} taken`).toBeGreaterThan(0)
  expect(counts.refused, `${what} refused`).toBeGreaterThan(0)
}

const value = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1, 2, 3, 0.5, 1e9, 2 ** 53, -0, 1e308, '', 'x', 'a\nb', [], {}),
  fc.constantFrom<unknown>('zb-v', 'llama', 'ring', 'topk', 'block', 'this', 'even', [1, 2], [0.5, 0.5], {
    kind: 'int8',
  }),
  fc.string({ maxLength: 12 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Every dotted path of a configuration, and some that are none. */
const PATHS = [
  ...(function* walk(at: object, path: string): Generator<string> {
    for (const [key, each] of Object.entries(at)) {
      yield `${path}${key}`
      if (typeof each === 'object' && each !== null && !Array.isArray(each)) yield* walk(each, `${path}${key}.`)
    }
  })(readConfig({}), ''),
  'reliability.hoursBetweenFailures',
  'model.constructor',
  'parallel.zeroes',
  'batch.global.x',
]

function withValue(input: unknown, path: readonly string[], given: unknown): unknown {
  const [head, ...rest] = path
  if (head === undefined) return given
  const at = typeof input === 'object' && input !== null && !Array.isArray(input) ? input : {}
  const inner = Object.hasOwn(at, head) ? (at as Record<string, unknown>)[head] : undefined
  return { ...at, [head]: withValue(inner, rest, given) }
}

const damagedInput = fc
  .tuple(randomInput, fc.array(fc.tuple(fc.constantFrom(...PATHS), value), { maxLength: 3 }))
  .map(([input, changes]) =>
    changes.reduce<unknown>((changed, [path, given]) => withValue(changed, path.split('.'), given), input),
  )

test('configurations', async () => {
  const counts = { taken: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(damagedInput, fc.constantFrom('execute', 'simulate'), async (input, use) => {
      const isTaken = await taken(() => {
        const config = parseConfig(input, use)
        // Complete and its own fixed point, also through its shortest form.
        expect(parseConfig(JSON.parse(JSON.stringify(config)), use)).toEqual(config)
        expect(parseConfig(minimalConfig(config), use)).toEqual(config)
      })
      counts[isTaken ? 'taken' : 'refused']++
    }),
    { numRuns: isFull ? 10_000 : 300, seed: 21 },
  )
  expectBoth('configurations', counts)
})

const damage = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'cut', 'insert', 'double'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    byte: fc.integer({ min: 0, max: 255 }),
  }),
  { maxLength: 3 },
)
type Damage = typeof damage extends fc.Arbitrary<infer Each> ? Each : never

/** @param from the damage keeps behind this byte most of the time: what it breaks is then less than everything */
function damaged(bytes: Uint8Array, changes: Damage): Uint8Array {
  let all = [...bytes]
  for (const { kind, at, byte } of changes) {
    const i = Math.min(all.length - 1, Math.floor(at * all.length))
    if (i < 0) break
    if (kind === 'flip') all[i]! ^= byte
    else if (kind === 'cut') all = all.slice(0, i)
    else if (kind === 'insert') all.splice(i, 0, byte)
    else all = [...all.slice(0, i), ...all]
  }
  return Uint8Array.from(all)
}

test('links', async () => {
  const counts = { taken: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(randomInput, damage, async (input, changes) => {
      const text = new TextDecoder('latin1').decode(damaged(new TextEncoder().encode(await inputToUrl(input)), changes))
      const isTaken = await taken(async () => {
        const found = await inputFromUrl(text)
        if (changes.length === 0) expect(found).toEqual(JSON.parse(JSON.stringify(input)))
        await taken(() => readConfig(found))
      })
      counts[isTaken ? 'taken' : 'refused']++
    }),
    { numRuns: isFull ? 2000 : 150, seed: 22 },
  )
  expectBoth('links', counts)
})

test('safetensors', async () => {
  const whole = serializeSafetensors(
    [
      { name: 'wte.weight', shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i) },
      { name: 'ln_f.bias', shape: [4], data: new Float32Array(4) },
    ],
    { tokenizer: 'bytes' },
  )
  const counts = { taken: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(damage, async (changes) => {
      const isTaken = await taken(async () => {
        const file = await openSafetensors(bytesSource(damaged(whole, changes)))
        for (const entry of file.header.entries) {
          const values = await readTensor(file, entry)
          expect(values.length).toBe(entry.shape.reduce((a, b) => a * b, 1))
        }
      })
      counts[isTaken ? 'taken' : 'refused']++
    }),
    { numRuns: isFull ? 2000 : 200, seed: 23 },
  )
  expectBoth('safetensors', counts)
})

test('checkpoints', async () => {
  const config = readConfig({
    model: { layers: 1, heads: 1, embed: 4, context: 4, vocab: 256 },
    batch: { sequence: 4 },
  })
  const tensors = (value: number) =>
    new Map(
      parameterTable(config.model).map(({ name, shape }) => [
        name,
        new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
      ]),
    )
  const checkpoint: Checkpoint = {
    config,
    step: 3,
    samples: 24,
    data: 'a'.repeat(64),
    weights: tensors(0.5),
    moments: { moment1: tensors(-0.25), moment2: tensors(0.125) },
    residues: new Map(),
  }
  const whole = new Uint8Array(await new Blob(await checkpointParts(checkpoint, null)).arrayBuffer())
  // What is said of the run stands in the first few thousand bytes: damage the header as often as the numbers.
  const header = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true))
  const counts = { taken: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(damage, fc.boolean(), async (changes, inHeader) => {
      const bytes = inHeader
        ? Uint8Array.from([...damaged(whole.subarray(0, header), changes), ...whole.subarray(header)])
        : damaged(whole, changes)
      const isTaken = await taken(async () => {
        // Its checksum: what is taken is what was written.
        expect(await readCheckpoint(bytesSource(bytes))).toEqual(checkpoint)
      })
      counts[isTaken ? 'taken' : 'refused']++
    }),
    { numRuns: isFull ? 2000 : 100, seed: 24 },
  )
  expectBoth('checkpoints', counts)
})
