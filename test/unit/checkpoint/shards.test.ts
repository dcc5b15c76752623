import { describe, expect, test } from 'vitest'
import { loadWeights } from '../../../src/checkpoint/load-weights.ts'
import { bytesSource, openSafetensors, serializeSafetensors } from '../../../src/checkpoint/safetensors.ts'
import type { ByteSource } from '../../../src/checkpoint/safetensors.ts'
import { openShards, readShardIndex } from '../../../src/checkpoint/shards.ts'
import { parameterTable } from '../../../src/model/parameters.ts'
import { gpt2Shape } from '../../../src/model/shape.ts'

const specs = parameterTable(gpt2Shape(2, 2, 8, 4, 16))
const tensors = specs.map(({ name, shape }, i) => ({
  name,
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, j) => i + j / 1000),
}))
const files: Readonly<Record<string, Uint8Array>> = {
  'a.safetensors': serializeSafetensors(tensors.slice(0, 9)),
  'b.safetensors': serializeSafetensors(tensors.slice(9)),
}
const map = Object.fromEntries(tensors.map(({ name }, i) => [name, i < 9 ? 'a.safetensors' : 'b.safetensors']))
const open = async (file: string): Promise<ByteSource> => bytesSource(files[file]!)
const index = (weights: object) => readShardIndex(JSON.stringify({ metadata: {}, weight_map: weights }))

test('shards give what one file gives', async () => {
  const weights = await loadWeights(await openShards(index(map), open), specs)
  expect(weights).toEqual(await loadWeights(await openSafetensors(bytesSource(serializeSafetensors(tensors))), specs))
  for (const { name, data } of tensors) expect(weights.get(name)).toEqual(data)
})

describe('an index that does not fit is refused', () => {
  test('by its own text', () => {
    expect(() => readShardIndex('{')).toThrow('safetensors: the index is not JSON')
    expect(() => readShardIndex('{"weight_map":[]}')).toThrow('no weight_map')
    expect(() => index({})).toThrow('weight_map names no tensor')
    for (const file of ['../a.safetensors', '/etc/a.safetensors', 'b\\a.safetensors', 'pytorch_model.bin', 7])
      expect(() => index({ wte: file })).toThrow(
        /weight_map: wte is in .*a \.safetensors file beside the index is read/,
      )
  })

  test('by the shard that lacks a tensor, or is none', async () => {
    await expect(openShards(index({ ...map, 'wte.weight': 'b.safetensors' }), open)).rejects.toThrow(
      'safetensors: wte.weight should be in b.safetensors; it is not',
    )
    const page = async () => bytesSource(new TextEncoder().encode('<!doctype html><html>404</html>'))
    await expect(openShards(index(map), page)).rejects.toThrow('safetensors: a.safetensors: the file is a web page')
  })
})

test.each([
  [
    'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 548105171\n',
    'a git-lfs pointer to one of 548105171',
  ],
  ['  <HTML><body>404</body></HTML>', 'a web page'],
  ['\ufeff<!doctype html>', 'a web page'],
  ['{"metadata": {}, "weight_map": {}}', 'the index of several files'],
  ['{"model_type": "gpt2"}', 'JSON, not safetensors'],
  ['PK\u0003\u0004 and so on', 'zip'],
  ['GGUF and so on', 'GGUF'],
])('what is not safetensors is called what it is: %s', async (text, name) => {
  await expect(openSafetensors(bytesSource(new TextEncoder().encode(text)))).rejects.toThrow(
    `safetensors: the file is ${name}`,
  )
})

test('what stands in place of an index is called what it is', () => {
  expect(() => readShardIndex('<!doctype html>404')).toThrow('the file is a web page')
  expect(() => readShardIndex('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n')).toThrow('git-lfs')
  expect(() => readShardIndex('nothing')).toThrow('the index is not JSON')
})
