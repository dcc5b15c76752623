import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { explainConfig } from '../../src/config/explain.ts'
import { msg } from '../../src/core/message.ts'
import { problemInChinese } from '../../src/ui/text/problem-text.ts'
import { PROBLEMS_ZH } from '../../src/ui/text/problems-zh.ts'

/** Every sentence that is written to be translated, by its template. */
function templates(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return templates(path)
    if (!/\.tsx?$/.test(entry.name) || entry.name === 'message.ts') return []
    return [...readFileSync(path, 'utf8').matchAll(/\bmsg`((?:[^`$]|\$\{(?:[^{}`]|\{[^}]*\})*\})*)`/g)].map(
      ([, source]) => {
        let at = 0
        return source!.replaceAll(/\$\{(?:[^{}`]|\{[^}]*\})*\}/g, () => `{${at++}}`)
      },
    )
  })
}

const written = new Set(templates('src'))

test('every refusal that a page can show has its Chinese sentence, with the same values', () => {
  expect(written.size).toBeGreaterThan(45)
  for (const template of written) {
    const chinese = PROBLEMS_ZH[template]
    expect(chinese, template).toBeDefined()
    const places = (text: string) => [...text.matchAll(/\{\d+\}/g)].map(String).toSorted()
    expect(places(chinese!), template).toEqual(places(template))
    expect(chinese).toMatch(/[\u4e00-\u9fff]/)
  }
})

test('no Chinese sentence is for nothing', () => {
  const values = [
    'parameters',
    'gradients',
    'optimizer',
    'activations',
    'communication',
    'workspace',
    'one rank holds the loss and the optimizer',
    'the server holds the optimizer',
  ]
  for (const template of Object.keys(PROBLEMS_ZH))
    expect(written.has(template) || values.includes(template), template).toBe(true)
})

test('a sentence carries its values, and is the English one where nobody translated it', () => {
  expect(msg`${3} does not divide ${'a'}: ${8}`).toEqual({
    text: '3 does not divide a: 8',
    template: '{0} does not divide {1}: {2}',
    values: [3, 'a', 8],
  })
  const [problem] = explainConfig({ parallel: { tensor: 3 } })
  expect(problem).toMatchObject({
    field: 'parallel.tensor',
    message: expect.stringContaining('does not divide') as unknown,
  })
  expect(problemInChinese(problem!)).toMatch(/^3 不能整除 model\.heads：\d+$/)
  const [mode] = explainConfig({
    parallel: { data: 2, pipeline: 2, dataMode: 'parameter-server' },
    batch: { microbatches: 2 },
  })
  expect(problemInChinese(mode!)).toContain('优化器在服务器上')
  expect(problemInChinese({ field: 'a', message: 'as it is' })).toBe('as it is')
})

test('a sentence that comes as plain text, from a rank, is known by its shape', () => {
  const said = msg`out of memory: ${'1.15 GB'} for ${'parameters'} (${'param:wte.weight'}) is over this adapter's limit of ${'1.07 GB'} for one buffer`
  expect(problemInChinese({ field: '', message: said.text })).toBe(
    '显存不足：参数（param:wte.weight）的 1.15 GB 超出此适配器单个缓冲区的上限 1.07 GB',
  )
  expect(problemInChinese({ field: '', message: `rank 1 at OPTIMIZER_STEP: ${said.text}` })).toMatch(
    /^rank 1 at OPTIMIZER_STEP: 显存不足：/,
  )
  expect(problemInChinese({ field: '', message: 'weights: h.0.ln_1.bias and 12 more biases are missing' })).toBe(
    'weights: 缺少 h.0.ln_1.bias 以及另外 12 个偏置',
  )
  expect(
    problemInChinese({
      field: '',
      message: 'rank 0 needs 3.00 MB at op 7, mostly activations (2.00 MB); the budget cluster.memoryBytes is 1.00 MB',
    }),
  ).toBe('rank 0 在操作 7 处需要 3.00 MB，主要是激活（2.00 MB）；预算 cluster.memoryBytes 为 1.00 MB')
})
