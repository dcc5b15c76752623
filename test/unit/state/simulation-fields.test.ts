import { expect, test } from 'vitest'
import { readConfig } from '../../../src/config/parse.ts'
import { readPath, writePath } from '../../../src/state/draft-path.ts'
import { optionOf } from '../../../src/state/fields.ts'
import { readableConfig } from '../../../src/state/readable-config.ts'
import { SIMULATION_FIELDS } from '../../../src/state/simulation-fields.ts'
import type { SimulationField } from '../../../src/state/simulation-fields.ts'

const fields = Object.values(SIMULATION_FIELDS).flatMap((group): [string, SimulationField][] => Object.entries(group))

/** Configurations in which every field is shown. */
const configs = [
  readConfig({ model: { preset: 'llama-2-7b' }, optimizer: { kind: 'sgd' } }),
  readConfig({ parallel: { pipeline: 2, schedule: 'zb-v', chunks: 2, zero: 3 } }),
  readConfig({ parallel: { dataMode: 'parameter-server', compression: { kind: 'topk' } } }),
]

test.each(fields)('%s is a field of the configuration, shown somewhere', (path, { when }) => {
  const shown = configs.filter((config) => when === undefined || when(config))
  expect(shown.length).toBeGreaterThan(0)
  expect(readPath(shown[0], path)).not.toBeUndefined()
})

test.each(fields)('%s: what it offers is read back as it was chosen', (path, spec) => {
  if (spec.kind !== 'choice') return
  for (const option of spec.options) {
    const draft = writePath({}, path, spec.values?.[option] ?? option)
    expect(optionOf(spec, readPath(draft, path))).toBe(option)
    if (path !== 'model.preset') expect(optionOf(spec, readPath(readableConfig(draft), path))).toBe(option)
  }
})

test('fields that change nothing are not shown', () => {
  const plain = readConfig({})
  const hidden = fields.filter(([, { when }]) => when !== undefined && !when(plain)).map(([path]) => path)
  expect(hidden).toEqual([
    'model.kvHeads',
    'optimizer.momentum',
    'parallel.chunks',
    'parallel.partition',
    'parallel.zeroPartition',
    'parallel.fsdp.reshardAfterForward',
    'parallel.fsdp.cpuOffload',
    'parallel.server.at',
    'parallel.compression.ratio',
  ])
})
