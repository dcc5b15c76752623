import { describe, expect, test } from 'vitest'
import type { LoadOptions } from '../../../src/checkpoint/load-weights.ts'
import { loadWeights } from '../../../src/checkpoint/load-weights.ts'
import {
  bytesSource,
  openSafetensors,
  readHeader,
  readTensor,
  serializeSafetensors,
} from '../../../src/checkpoint/safetensors.ts'
import { parameterTable } from '../../../src/model/parameters.ts'
import { MODEL_PRESETS } from '../../../src/model/presets.ts'
import { gpt2Shape } from '../../../src/model/shape.ts'

/** A file from its parts: header as JSON text or value, and data. */
function file(header: unknown, data: Uint8Array = new Uint8Array(0), claimed?: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(claimed ?? json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

const F32 = (name: string, begin: number, end: number, shape = [(end - begin) / 4]) => ({
  [name]: { dtype: 'F32', shape, data_offsets: [begin, end] },
})

describe('a malformed file is refused, naming the tensor', () => {
  const cases: Record<string, [Uint8Array, RegExp]> = {
    'too short': [new Uint8Array(5), /has 5 bytes/],
    'header beyond the file': [file({}, new Uint8Array(0), 1000), /header claims 1000 bytes/],
    'absurd header': [file({}, new Uint8Array(0), 2 ** 40), /header claims/],
    'not JSON': [file('{"a"'), /not JSON/],
    'not an object': [file('[1]'), /not an object/],
    'twice the same name': [
      file(
        `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
        new Uint8Array(4),
      ),
      /a is there twice/,
    ],
    'unknown dtype': [
      file({ w: { dtype: 'F31', shape: [1], data_offsets: [0, 4] } }, new Uint8Array(4)),
      /w: unknown dtype "F31"/,
    ],
    'a dtype that objects inherit': [
      file({ w: { dtype: 'toString', shape: [1], data_offsets: [0, 4] } }, new Uint8Array(4)),
      /w: unknown dtype/,
    ],
    'negative shape': [
      file({ w: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } }, new Uint8Array(4)),
      /w: .*is not a shape/,
    ],
    'shape and bytes disagree': [
      file(F32('w', 0, 8, [3]), new Uint8Array(8)),
      /w: F32 of shape \[3\] takes 12 bytes, data_offsets give 8/,
    ],
    'offsets the wrong way': [file({ w: { dtype: 'F32', shape: [1], data_offsets: [4, 0] } }, new Uint8Array(4)), /w/],
    overlap: [
      file({ ...F32('a', 0, 8), ...F32('b', 4, 12) }, new Uint8Array(12)),
      /b overlaps the tensor before it at byte 4/,
    ],
    gap: [
      file({ ...F32('a', 0, 4), ...F32('b', 8, 12) }, new Uint8Array(12)),
      /b begins at byte 8; the bytes from 4 belong to nothing/,
    ],
    truncated: [file(F32('w', 0, 16), new Uint8Array(12)), /w ends at byte 16; the file holds 12: it is truncated/],
    'bytes left over': [file(F32('w', 0, 4), new Uint8Array(12)), /8 bytes after the last tensor/],
    'metadata that is no text': [file({ __metadata__: { a: 1 } }), /__metadata__\.a/],
  }
  for (const [name, [bytes, message]] of Object.entries(cases))
    test(name, async () => {
      await expect(readHeader(bytesSource(bytes))).rejects.toThrow(message)
      await expect(readHeader(bytesSource(bytes))).rejects.toThrow(/^safetensors: [^\n]*$/)
    })
})

test('F32, F16 and BF16 are read as f32', async () => {
  const values = [0, 1, -2, 0.5, 65504]
  const halves = Uint16Array.of(0, 0x3c00, 0xc000, 0x3800, 0x7bff)
  const brain = new Uint16Array(values.map((value) => new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16))
  const parts = [
    new Uint8Array(Float32Array.from(values).buffer),
    new Uint8Array(halves.buffer),
    new Uint8Array(brain.buffer),
  ]
  const header = {
    f32: { dtype: 'F32', shape: [5], data_offsets: [0, 20] },
    f16: { dtype: 'F16', shape: [5], data_offsets: [20, 30] },
    bf16: { dtype: 'BF16', shape: [5], data_offsets: [30, 40] },
    i64: { dtype: 'I64', shape: [1], data_offsets: [40, 48] },
  }
  const source = bytesSource(
    file(header, Uint8Array.from([...parts.flatMap((each) => [...each]), ...new Uint8Array(8)])),
  )
  const opened = await openSafetensors(source)
  const tensor = async (name: string) => [
    ...(await readTensor(
      opened,
      opened.header.entries.find((each) => each.name === name)!,
    )),
  ]
  expect(await tensor('f32')).toEqual(values)
  expect(await tensor('f16')).toEqual(values)
  expect(await tensor('bf16')).toEqual([0, 1, -2, 0.5, 65280])
  await expect(tensor('i64')).rejects.toThrow('safetensors: i64: its dtype cannot be read; F32, F16 and BF16 can')
})

describe("Hugging Face's GPT-2 files", () => {
  const specs = parameterTable(gpt2Shape(2, 2, 8, 4, 16))
  const tensors = (prefix = '') =>
    specs.map(({ name, shape }, i) => ({
      name: prefix + name,
      shape: [...shape],
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(i + 1),
    }))
  const mask = { name: 'h.0.attn.bias', shape: [1, 1, 4, 4], data: new Float32Array(16).fill(9) }
  const head = (value: number) => ({ name: 'lm_head.weight', shape: [16, 8], data: new Float32Array(128).fill(value) })
  const load = async (parts: Parameters<typeof serializeSafetensors>[0], options: LoadOptions = {}) =>
    loadWeights(await openSafetensors(bytesSource(serializeSafetensors(parts))), specs, options)

  for (const prefix of ['', 'transformer.', 'module.', '_orig_mod.transformer.', 'module._orig_mod.'])
    test(`round trip, prefix "${prefix}", mask and tied head skipped`, async () => {
      const weights = await load([...tensors(prefix), { ...mask, name: prefix + mask.name }, head(1)])
      expect([...weights.keys()].sort()).toEqual(specs.map(({ name }) => name).sort())
      for (const [i, { name }] of specs.entries()) expect(new Set(weights.get(name))).toEqual(new Set([i + 1]))
    })

  test('a missing, strange, misshapen or doubled tensor is refused by name', async () => {
    await expect(load(tensors().slice(1))).rejects.toThrow('init: wte.weight is missing')
    await expect(load([...tensors(), { ...mask, name: 'h.0.attn.extra' }])).rejects.toThrow(
      'init: h.0.attn.extra does not belong to this model',
    )
    const bent = tensors().map((each) =>
      each.name === 'h.1.mlp.c_fc.weight' ? { ...each, shape: each.shape.toReversed() } : each,
    )
    await expect(load(bent)).rejects.toThrow('init: h.1.mlp.c_fc.weight has shape [32, 8]; the model takes [8, 32]')
    await expect(load([...tensors(), tensors('transformer.')[0]!])).rejects.toThrow(/wte\.weight is there twice/)
    await expect(load([...tensors(), head(5)])).rejects.toThrow('lm_head.weight differs from wte.weight at element 0')
  })

  test('a wrapper within a name goes, too', async () => {
    const wrapped = tensors().map((each) => ({ ...each, name: each.name.replace(/^(h\.\d+\.)/, '$1_orig_mod.') }))
    expect((await load(wrapped)).get('h.1.mlp.c_fc.weight')![0]).toBe(
      specs.findIndex(({ name }) => name === 'h.1.mlp.c_fc.weight') + 1,
    )
  })

  test('a tied head and its embedding stand for each other', async () => {
    const [embedding, ...rest] = tensors()
    expect(embedding!.name).toBe('wte.weight')
    const weights = await load([...rest, head(7)])
    expect(new Set(weights.get('wte.weight'))).toEqual(new Set([7]))
    await expect(load([...rest, head(7), { ...head(7), name: 'module.lm_head.weight' }])).rejects.toThrow(
      'init: module.lm_head.weight is there twice: as lm_head.weight, too',
    )
  })

  test('missing biases are refused by name, or zero on request', async () => {
    const biased = tensors().filter(({ name }) => !name.endsWith('.bias'))
    const missing = tensors().length - biased.length - 1
    await expect(load(biased)).rejects.toThrow(`init: h.0.ln_1.bias and ${missing} more biases are missing`)
    await expect(load(biased, { missingBiasAdvice: 'try this' })).rejects.toThrow(/missing; try this$/)
    const weights = await load(biased, { allowMissingBias: true })
    expect(new Set(weights.get('h.0.attn.c_attn.bias'))).toEqual(new Set([0]))
    expect([...weights.keys()]).toHaveLength(specs.length)
    // Of weights none may be missing.
    await expect(load(biased.slice(1), { allowMissingBias: true })).rejects.toThrow('init: wte.weight is missing')
  })

  test.each([NaN, Infinity, -Infinity])('%s is refused by tensor and index, whoever asks', async (bad) => {
    const spoiled = tensors().map((each) => {
      if (each.name === 'h.0.attn.c_attn.weight') each.data[2 * 24 + 5] = bad
      return each
    })
    await expect(load(spoiled, { field: 'weights' })).rejects.toThrow(
      `weights: h.0.attn.c_attn.weight holds ${bad} at [2, 5]`,
    )
  })

  test('a file cut short while it is read is refused', async () => {
    const whole = serializeSafetensors(tensors())
    const source = bytesSource(whole)
    const cut = {
      size: source.size,
      read: (begin: number, end: number) => source.read(begin, Math.min(end, whole.length - 4)),
    }
    await expect(openSafetensors(cut).then((opened) => loadWeights(opened, specs))).rejects.toThrow(
      /the file ends at byte/,
    )
  })
})

describe("Hugging Face's LLaMA files", () => {
  const shape = { ...MODEL_PRESETS['nano-llama'], layers: 1, heads: 4, headSize: 2, embed: 6, ffn: 10, vocab: 9 }
  const filled = (tied: boolean) => {
    const specs = parameterTable({ ...shape, tied })
    const tensors = specs.map(({ name, shape: sizes }, i) => ({
      name,
      shape: [...sizes],
      data: new Float32Array(sizes.reduce((a, b) => a * b, 1)).fill(i + 1),
    }))
    return { specs, tensors }
  }
  type Tensors = ReturnType<typeof filled>['tensors']
  const load = async (tensors: Tensors, tied: boolean) =>
    loadWeights(await openSafetensors(bytesSource(serializeSafetensors(tensors))), filled(tied).specs)
  const head = (value: number) => ({ name: 'lm_head.weight', shape: [9, 6], data: new Float32Array(54).fill(value) })
  const frequencies = { name: 'model.layers.0.self_attn.rotary_emb.inv_freq', shape: [1], data: Float32Array.of(7) }

  test('weights are [out, in] under the names of LlamaForCausalLM', () => {
    expect(filled(false).specs.map(({ name, shape: sizes }) => `${name} ${sizes.join('×')}`)).toEqual([
      'model.embed_tokens.weight 9×6',
      'model.layers.0.input_layernorm.weight 6',
      'model.layers.0.self_attn.q_proj.weight 8×6',
      'model.layers.0.self_attn.k_proj.weight 4×6',
      'model.layers.0.self_attn.v_proj.weight 4×6',
      'model.layers.0.self_attn.o_proj.weight 6×8',
      'model.layers.0.post_attention_layernorm.weight 6',
      'model.layers.0.mlp.gate_proj.weight 10×6',
      'model.layers.0.mlp.up_proj.weight 10×6',
      'model.layers.0.mlp.down_proj.weight 6×10',
      'model.norm.weight 6',
      'lm_head.weight 9×6',
    ])
  })

  test('with the prefix and without, frequencies skipped', async () => {
    const { specs, tensors } = filled(false)
    const bare = tensors.map((each) => ({ ...each, name: each.name.replace(/^model\./, '') }))
    for (const written of [[...tensors, frequencies], bare]) {
      const weights = await load(written, false)
      for (const [i, { name }] of specs.entries()) expect(new Set(weights.get(name))).toEqual(new Set([i + 1]))
    }
  })

  test('a tied model takes the embedding, the head, or both where they are equal', async () => {
    const { tensors } = filled(true)
    const embedding = async (written: Tensors) => (await load(written, true)).get('model.embed_tokens.weight')![0]
    expect(await embedding(tensors)).toBe(1)
    expect(await embedding([...tensors, head(1)])).toBe(1)
    expect(await embedding([...tensors.slice(1), head(5)])).toBe(5)
    await expect(embedding([...tensors, head(5)])).rejects.toThrow(
      'lm_head.weight differs from model.embed_tokens.weight at element 0',
    )
  })

  test('an untied model needs its own head; names of another family do not belong', async () => {
    const { tensors } = filled(false)
    await expect(load(tensors.slice(0, -1), false)).rejects.toThrow('init: lm_head.weight is missing')
    const strange = { name: 'wte.weight', shape: [9, 6], data: new Float32Array(54) }
    await expect(load([...tensors, strange], false)).rejects.toThrow('init: wte.weight does not belong to this model')
    await expect(
      load([...tensors, { ...tensors[1]!, name: 'layers.0.input_layernorm.weight' }], false),
    ).rejects.toThrow(/input_layernorm\.weight is there twice/)
  })
})
