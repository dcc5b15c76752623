import { refused } from '../../core/errors.ts'
import { field, group, required } from '../field.ts'
import type { FieldType } from '../field.ts'
import { DEVICE_IDS, HOST_LINKS, INTER_NODE_LINKS, INTRA_NODE_LINKS, SOFTWARE_IDS } from '../names.ts'
import { listOf } from '../reader.ts'
import { quoted } from '../quoted.ts'
import { between, choice, nullable, integer } from '../field-types.ts'

const ADAPTERS = ['high-performance', 'low-power', 'fallback'] as const
const adapter = choice(ADAPTERS)

const adapters: FieldType<'default' | readonly (typeof ADAPTERS)[number][]> = {
  read(path, value) {
    if (value === 'default') return value
    if (!Array.isArray(value) || value.length === 0)
      throw refused(path, 'not-adapters', { value: quoted(value), adapters: ADAPTERS.join(', ') })
    return value.map((each, i) => adapter.read(`${path}.${i}`, each))
  },
  schema: { anyOf: [{ enum: ['default'] }, { type: 'array', items: adapter.schema, minItems: 1 }] },
}

export const CLUSTER = group({
  /** Whose kernels and behaviour are simulated; null: tabcluster in f32, modern in mixed precision. */
  software: field(nullable(choice(SOFTWARE_IDS)), null, { executes: [null, 'tabcluster'] }),
  adapters: field(adapters, 'default'),
  device: field(choice(DEVICE_IDS), 'this'),
  devicesPerNode: field(integer(1, 65_536), 8),
  /** null: one per device. */
  nicsPerNode: field(nullable(integer(1, 65_536)), null),
  /** Ratio of the ports' bandwidth to that of the network behind them; 1: a full fat tree. */
  oversubscription: field(between(1, 100), 1),
  intraNode: field(choice(INTRA_NODE_LINKS), 'nvlink4'),
  /** One port. */
  interNode: field(choice(INTER_NODE_LINKS), 'ib-ndr400'),
  /** Device to CPU memory: offload and CPU parameter server. */
  hostLink: field(choice(HOST_LINKS), 'pcie4'),
  /** A budget per device: exceeding it is a simulated out-of-memory; null: no limit. */
  memoryBytes: field(nullable(integer(1, 2 ** 50)), null),
  stragglers: field(listOf({ rank: required(integer(0, 65_536)), slowdown: required(between(1, 1000)) }), []),
})
