import { RefusedError } from '../../core/errors.ts'
import { say } from '../../core/said.ts'
import { DEFAULT_CLUSTER } from '../defaults.ts'
import { DEVICE_IDS, HOST_LINKS, INTER_NODE_LINKS, INTRA_NODE_LINKS } from '../names.ts'
import { Reader, numberBetween, show, wholeNumber } from '../reader.ts'
import type { AdapterChoice, ClusterConfig } from '../types.ts'

const ADAPTERS: readonly AdapterChoice[] = ['high-performance', 'low-power', 'fallback']
const MOST_RANK = 65_536
const MOST_SLOWDOWN = 1000

export function readCluster(reader: Reader): ClusterConfig {
  const d = DEFAULT_CLUSTER
  const cluster: ClusterConfig = {
    adapters: readAdapters(reader),
    device: reader.choice<string>('device', d.device, DEVICE_IDS),
    devicesPerNode: reader.integer('devicesPerNode', d.devicesPerNode, 1, 65_536),
    nicsPerNode: reader.integerOrNull('nicsPerNode', 1, 65_536),
    oversubscription: reader.number('oversubscription', d.oversubscription, 1, 100),
    intraNode: reader.choice<string>('intraNode', d.intraNode, INTRA_NODE_LINKS),
    interNode: reader.choice<string>('interNode', d.interNode, INTER_NODE_LINKS),
    hostLink: reader.choice<string>('hostLink', d.hostLink, HOST_LINKS),
    memoryBytes: reader.integerOrNull('memoryBytes', 1, 2 ** 50),
    stragglers: readStragglers(reader),
  }
  reader.end()
  return cluster
}

function readAdapters(reader: Reader): ClusterConfig['adapters'] {
  const list = { type: 'array', items: { enum: ADAPTERS }, minItems: 1 }
  const value = reader.raw('adapters', { anyOf: [{ enum: ['default'] }, list], default: 'default' })
  if (value === undefined || value === 'default') return 'default'
  if (!Array.isArray(value) || value.length === 0)
    throw new RefusedError(
      'cluster.adapters',
      say`${show(value)} must be "default" or a list with one of ${ADAPTERS.join(', ')} per rank`,
    )
  return value.map((each, i) => {
    const found = ADAPTERS.find((name) => name === each)
    if (!found)
      throw new RefusedError(`cluster.adapters.${i}`, say`${show(each)} must be one of ${ADAPTERS.join(', ')}`)
    return found
  })
}

const STRAGGLERS = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      rank: { type: 'integer', minimum: 0, maximum: MOST_RANK },
      slowdown: { type: 'number', minimum: 1, maximum: MOST_SLOWDOWN },
    },
    required: ['rank', 'slowdown'],
    additionalProperties: false,
  },
  default: [],
}

function readStragglers(reader: Reader): ClusterConfig['stragglers'] {
  const value = reader.raw('stragglers', STRAGGLERS)
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new RefusedError('cluster.stragglers', say`${show(value)} must be a list`)
  return value.map((each: unknown, i) => {
    const entry = new Reader(each === undefined ? null : each, `cluster.stragglers.${i}`)
    const straggler = {
      rank: wholeNumber(entry.at('rank'), entry.raw('rank'), 0, MOST_RANK),
      slowdown: numberBetween(entry.at('slowdown'), entry.raw('slowdown'), 1, MOST_SLOWDOWN),
    }
    entry.end()
    return straggler
  })
}
