import { describe, expect, test } from 'vitest'
import { checkModel, readWeightsMetadata } from '../../../src/checkpoint/weights-metadata.ts'
import { blobSource, bytesSource, openSafetensors, serializeSafetensors } from '../../../src/checkpoint/safetensors.ts'
import { checkpointParts, readCheckpoint } from '../../../src/checkpoint/store.ts'
import type { Checkpoint } from '../../../src/checkpoint/store.ts'
import { openGivenWeights, runWeightsMetadata } from '../../../src/cluster/given-weights.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { charTokenizer } from '../../../src/data/tokenizers/char.ts'
import { bpeTokenizer, trainBpe } from '../../../src/data/tokenizers/bpe.ts'
import { byteTokenizer } from '../../../src/data/tokenizers/byte.ts'
import { withDocumentEnds } from '../../../src/data/tokenizers/document-ends.ts'
import { readTokenizerText, tokenizerText } from '../../../src/data/tokenizers/state-text.ts'
import { parameterTable } from '../../../src/model/parameters.ts'

const config = parseConfig({
  model: { layers: 1, heads: 2, embed: 8, context: 16, vocab: 256 },
  batch: { sequence: 12 },
})
const weights = new Map(
  parameterTable(config.model).map(({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
)
const tensors = parameterTable(config.model).map(({ name, shape }) => ({ name, shape, data: weights.get(name)! }))
const opened = (metadata: Record<string, string>) =>
  openSafetensors(bytesSource(serializeSafetensors(tensors, metadata)))

describe('what a file says of its weights', () => {
  test('comes back: shape, sequence, tokenizer with its vocabulary', async () => {
    const tokenizer = charTokenizer(['\n', 'a', '"', '🦊'])
    const file = await opened(runWeightsMetadata(config, tokenizer))
    expect(readWeightsMetadata(file.header, 'weights')).toMatchObject({
      model: { heads: 2, context: 16 },
      sequence: 12,
    })
    const given = openGivenWeights(config, file, { field: 'weights' })
    expect(given.tokenizer).toEqual(tokenizer.state)
    expect((await given.load()).size).toBe(weights.size)
  })

  test('nothing is said of tokens made elsewhere, and nothing is read into a file that is silent', async () => {
    const raw = parseConfig({ data: { tokens: 't.bin' }, model: { preset: 'mini' } })
    expect(Object.keys(runWeightsMetadata(raw, byteTokenizer))).toEqual(['tabcluster.model', 'tabcluster.sequence'])
    const silent = readWeightsMetadata((await opened({ model: 'gpt2' })).header, 'weights')
    expect(silent).toEqual({ model: null, sequence: null, tokenizer: null })
    expect(() => checkModel(silent, config.model, 'init')).not.toThrow()
  })

  test('another model is refused even where every shape fits', async () => {
    const file = await opened(runWeightsMetadata(config, byteTokenizer))
    const other = parseConfig({ model: { layers: 1, heads: 4, embed: 8, context: 16, vocab: 256 } })
    expect(() => openGivenWeights(other, file, { field: 'init' })).toThrow(
      "init: the file's model has heads 2; this run's model.heads is 4",
    )
  })

  test('nonsense is refused', async () => {
    const said = async (key: string, value: string) => {
      const { header } = await opened({ ...runWeightsMetadata(config, byteTokenizer), [`tabcluster.${key}`]: value })
      return () => readWeightsMetadata(header, 'weights')
    }
    expect(await said('model', '{"heads":0}')).toThrow(/^weights: its tabcluster\.model: model\.heads: 0 must be/)
    expect(await said('model', 'no')).toThrow(/^weights: its tabcluster\.model: /)
    expect(await said('sequence', '-3')).toThrow('weights: its tabcluster.sequence is "-3", not a number of tokens')
  })
})

describe('a tokenizer as text', () => {
  test('comes back whole', async () => {
    const bpe = await trainBpe(['abab abab cdcd "quoted" äöü '.repeat(9)], 300)
    for (const { state } of [byteTokenizer, charTokenizer(['"', '\\', 'é']), bpe, withDocumentEnds(bpeTokenizer([]))])
      expect(readTokenizerText(tokenizerText(state), 'weights')).toEqual(state)
  })

  test.each([
    ['{', 'is no JSON'],
    ['[]', 'is [], not an object'],
    ['{"kind":"wordpiece"}', 'has kind "wordpiece"'],
    ['{"kind":"char","characters":["a","a"]}', 'char has no list of distinct characters'],
    ['{"kind":"char","characters":["ab"]}', 'char has no list of distinct characters'],
    ['{"kind":"bpe","merges":[[0,256]]}', 'bpe has no list of merges'],
    ['{"kind":"bpe","merges":[[0]]}', 'bpe has no list of merges'],
  ])('%s', (text, why) => {
    expect(() => readTokenizerText(text, 'weights')).toThrow(`weights: its tokenizer ${why}`)
  })
})

describe('a checkpoint', () => {
  const checkpoint = (second: number): Checkpoint => ({
    config,
    step: 3,
    samples: 24,
    data: '00',
    weights,
    moments: {
      moment1: weights,
      moment2: new Map([...weights].map(([name, data]) => [name, new Float32Array(data.length).fill(second)])),
    },
    residues: new Map(),
  })
  const blob = async (second: number) =>
    new Blob(await checkpointParts(checkpoint(second), tokenizerText(byteTokenizer.state)))

  test('says of its weights what a file of weights says', async () => {
    const { header } = await openSafetensors(blobSource(await blob(1)))
    const about = readWeightsMetadata(header, 'weights')
    expect(about.model?.heads).toBe(2)
    expect(readTokenizerText(about.tokenizer!, 'weights')).toEqual({ kind: 'byte' })
    expect((await readCheckpoint(blobSource(await blob(1)))).step).toBe(3)
  })

  test('moments that no optimizer makes are refused', async () => {
    await expect(readCheckpoint(blobSource(await blob(NaN)))).rejects.toThrow(
      'checkpoint: moment2.wte.weight holds NaN at [0, 0]',
    )
    await expect(readCheckpoint(blobSource(await blob(-1)))).rejects.toThrow(
      'checkpoint: moment2.wte.weight holds -1 at',
    )
  })
})
