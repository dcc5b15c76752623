import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { serializeSafetensors } from '../../../src/checkpoint/safetensors.ts'
import { configFor, generate } from '../../../src/cli/generate.ts'
import { runWeightsMetadata } from '../../../src/cluster/given-weights.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { charTokenizer } from '../../../src/data/tokenizers/char.ts'
import { parameterTable } from '../../../src/model/parameters.ts'

const directory = mkdtempSync(join(tmpdir(), 'tabcluster-'))
afterAll(() => rmSync(directory, { recursive: true }))

const preset = parseConfig({ model: { preset: 'mini' } })
const { preset: _, ...mini } = preset.model
const said = { model: mini, sequence: 48, tokenizer: null }
const silent = { model: null, sequence: null, tokenizer: null }
const char = charTokenizer(['1', '+', '=']).state

test('what the file says of itself fills in for the blocks that no configuration gives', () => {
  // Eight heads of 32: not what the width suggests.
  const alone = configFor(undefined, said, char, 'w')
  expect(alone).toMatchObject({ model: { heads: 8, embed: 256 }, data: { tokenizer: 'char' }, batch: { sequence: 48 } })
  const laidOut = configFor({ parallel: { tensor: 2 } }, said, char, 'w')
  expect(laidOut).toMatchObject({ model: { heads: 8 }, data: { tokenizer: 'char' }, parallel: { tensor: 2 } })
  const own = { model: { preset: 'micro' }, data: { tokenizer: 'byte' }, batch: { sequence: 9 } }
  expect(configFor(own, said, char, 'w')).toEqual(parseConfig(own))
})

test('nothing is guessed where neither says it', () => {
  expect(() => configFor(undefined, silent, null, 'w')).toThrow(
    'weights: "w" does not say its model (heads) and tokenizer; give --config',
  )
  expect(() => configFor(undefined, said, null, 'w')).toThrow('weights: "w" does not say its tokenizer; give --config')
})

test('a configuration or a prompt that does not fit the file is refused by its own name', async () => {
  const config = parseConfig({
    model: { layers: 1, heads: 2, embed: 8, context: 5, vocab: 300 },
    data: { tokenizer: 'char', corpus: 'addition' },
  })
  const tensors = parameterTable(config.model).map(({ name, shape }) => ({
    name,
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  }))
  const weights = join(directory, 'w.safetensors')
  writeFileSync(weights, serializeSafetensors(tensors, runWeightsMetadata(config, charTokenizer(['1', '+', '=']))))
  const asked = (prompt: string, given?: object) => {
    const sample = { weights, prompt, tokens: '1', temperature: '0', topK: '0', seed: '0' }
    return expect(generate({ ...sample, ...(given ? { config: JSON.stringify(given) } : {}) })).rejects
  }
  await asked('2').toThrow('prompt: the character "2" does not occur in the corpus')
  await asked('1', { data: { tokenizer: 'byte' } }).toThrow(
    'data.tokenizer: byte, but the weights were trained with char',
  )
  await asked('1', { model: { ...config.model, preset: null, heads: 4, kvHeads: 4 } }).toThrow(
    "weights: the file's model has heads 2; this run's model.heads is 4",
  )
})
