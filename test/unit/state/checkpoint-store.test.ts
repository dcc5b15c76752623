import { expect, test } from 'vitest'
import { faultOf } from '../../../src/core/errors.ts'
import { BrowserStore, isFull } from '../../../src/checkpoint/browser-store.ts'
import type { KeyValueStore } from '../../../src/checkpoint/browser-store.ts'

function memoryStore(room = Infinity): KeyValueStore {
  const map = new Map<string, unknown>()
  const sizeOf = (value: unknown) => (value instanceof Blob ? value.size : 0)
  return {
    keys: async () => [...map.keys()],
    get: async (key) => map.get(key),
    getMany: async (keys) => keys.map((key) => map.get(key)),
    async setMany(entries) {
      const used = [...map.values(), ...entries.map(([, value]) => value)].reduce<number>(
        (sum, value) => sum + sizeOf(value),
        0,
      )
      if (used > room) throw new DOMException('no room', 'QuotaExceededError')
      for (const [key, value] of entries) map.set(key, value)
    },
    async removeMany(keys) {
      for (const key of keys) map.delete(key)
    },
    left: async () => 1e6,
  }
}

test('checkpoints are kept under their names, the latest first', async () => {
  let now = 0
  const store = new BrowserStore(memoryStore(), () => ++now)
  await store.save('a', 3, new Blob(['abc']))
  await store.save('b', 5, new Blob(['de']))
  await store.save('a', 7, new Blob(['fghi']))
  expect(await store.list()).toEqual([
    { name: 'a', step: 7, bytes: 4, saved: 3 },
    { name: 'b', step: 5, bytes: 2, saved: 2 },
  ])
  expect(await (await store.file('a')).text()).toBe('fghi')
  await store.remove('a')
  expect((await store.list()).map(({ name }) => name)).toEqual(['b'])
  await expect(store.file('a')).rejects.toThrow('checkpoint: "a" is not saved here')
})

test('a full storage says how much is missing and keeps what it has', async () => {
  const store = new BrowserStore(memoryStore(4), () => 1)
  await store.save('a', 1, new Blob(['abc']))
  const refused = store.save('b', 2, new Blob(['defg']))
  expect(isFull(faultOf(await refused.catch((error: unknown) => error)))).toBe(true)
  await expect(refused).rejects.toThrow('checkpoint "b" takes 0.0 MB; the browser\'s storage has 1.0 MB left')
  expect((await store.list()).map(({ name }) => name)).toEqual(['a'])
})
