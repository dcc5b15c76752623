import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { create, globals } from 'webgpu'
import { WgslReflect } from 'wgsl_reflect'
import { KERNEL_TABLE } from '../../src/gpu/kernel-table.ts'
import { encodeParams } from '../../src/gpu/kernels.ts'
import type { KernelName } from '../../src/model/kernels.ts'
import { KERNELS } from '../../src/model/kernels.ts'

const NAMES = Object.keys(KERNELS) as KernelName[]
const FILES = import.meta.glob<string>('../../shaders/*.wgsl', { query: '?raw', import: 'default', eager: true })

const VARIANTS = NAMES.flatMap((kernel) =>
  KERNEL_TABLE[kernel].map((variant) => ({ kernel, variant, title: `${kernel} ${variant.name}` })),
)

/** Fields of the shader may be written as in the signature or in snake_case. */
const plain = (name: string) => name.replaceAll('_', '').toLowerCase()

/** The shader without what its functions do: wgsl_reflect trips over some statements that WGSL allows. */
function declarationsOf(source: string): string {
  const text = source.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '')
  let out = ''
  let depth = 0
  let body = false
  for (const piece of text.split(/([{}])/)) {
    if (piece === '}' && --depth === 0) body = false
    if (!body) out += piece
    if (piece === '{' && depth++ === 0) body = /\bfn\b[^;]*\{$/.test(out.slice(out.lastIndexOf('}') + 1))
  }
  return out
}

describe('WGSL', () => {
  // Dawn's null backend is a compiler without any GPU. The object from create() has to stay alive with the device.
  let gpu: GPU | null = null
  let device: GPUDevice

  beforeAll(async () => {
    Object.assign(globalThis, globals)
    gpu = create(['backend=null'])
    const adapter = await gpu.requestAdapter()
    if (!adapter) throw new Error('Dawn has no null backend')
    const requiredFeatures = (['subgroups'] as const).filter((name) => adapter.features.has(name))
    device = await adapter.requestDevice({ requiredFeatures })
  })
  afterAll(() => {
    device.destroy()
    gpu = null
  })

  test.each(VARIANTS)('$title compiles and takes what its signature says', async ({ kernel, variant, title }) => {
    device.pushErrorScope('validation')
    const module = device.createShaderModule({ code: variant.source, label: title })
    const { messages } = await module.getCompilationInfo()
    const pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module, entryPoint: kernel, ...(variant.constants ? { constants: { ...variant.constants } } : {}) },
    })
    pipeline.getBindGroupLayout(0)
    const error = await device.popErrorScope()
    expect(messages.map((each) => `${each.type} ${each.lineNum}:${each.linePos} ${each.message}`)).toEqual([])
    expect(error?.message ?? '').toBe('')

    const { bindings, params } = KERNELS[kernel]
    const shader = new WgslReflect(declarationsOf(variant.source))
    expect(shader.entry.compute.map((each) => each.name)).toEqual([kernel])
    const groups = shader.getBindGroups()
    expect(groups).toHaveLength(1)
    const [storage, uniform] = [groups[0]!.slice(0, -1), groups[0]!.at(-1)!]
    const access = bindings.map(([, each]) => (each === 'in' ? 'read' : 'read_write'))
    expect(storage.map((each) => [each.binding, each.access])).toEqual(access.map((each, binding) => [binding, each]))
    expect(uniform.binding).toBe(bindings.length)
    const fields = (uniform.members ?? []).map(({ name, type, offset }) => [plain(name), type.name, offset])
    expect(fields).toEqual(params.map(([name, type], i) => [plain(name), type === 'u' ? 'u32' : 'f32', 4 * i]))
  })

  test('every file opens with what it computes and is the source of a variant of the kernel it is named after', () => {
    const files = Object.entries(FILES)
    expect(files.length).toBeGreaterThanOrEqual(NAMES.length)
    for (const [path, text] of files) {
      const file = path.slice(path.lastIndexOf('/') + 1, -'.wgsl'.length)
      expect(text.startsWith('//'), `${file} has no header`).toBe(true)
      const users = VARIANTS.filter(({ variant }) => variant.source.includes(text)).map(({ kernel }) => kernel)
      expect(users, `${file} is used by no variant`).not.toEqual([])
      for (const kernel of users)
        expect(file === kernel || file.startsWith(`${kernel}_`), `${file} in ${kernel}`).toBe(true)
    }
  })
})

test('a uniform holds the fields in the signature’s order, in multiples of 16 bytes', () => {
  const params = { scale: -2.5, accumulate: 1, tOffset: 7, sOffset: 3, n: 5 }
  const data = new DataView(encodeParams({ kernel: 'axpy', buffers: {}, params, flops: 0, bytes: 0 }))
  expect(data.byteLength).toBe(32)
  expect([0, 4, 8, 12].map((at) => data.getUint32(at, true))).toEqual([5, 3, 7, 1])
  expect(data.getFloat32(16, true)).toBe(-2.5)
  const missing = { kernel: 'axpy', buffers: {}, params: { n: 1 }, flops: 0, bytes: 0 } as const
  expect(() => encodeParams(missing)).toThrow(/axpy was launched without sOffset/)
})
