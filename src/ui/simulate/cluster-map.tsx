import { useMemo } from 'react'
import type { SimulatedResult } from '../../sim/simulate.ts'
import { capacityOf } from '../../state/capacity.ts'
import { nodeKinds, rangesOf } from '../../state/node-view.ts'
import type { NodeKind } from '../../state/node-view.ts'
import { formatBytes, formatWhole, formatPercent } from '../format.ts'
import { useText } from '../text/use-text.ts'
import styles from './cluster-map.module.css'
import type { SimulateText } from './text-en.ts'

/** Most kinds of nodes, and devices per node, that are drawn. */
const MAX_KINDS = 32
const MAX_DEVICES = 16

/** The virtual cluster: nodes of devices, each filled in proportion to its memory; equal nodes are drawn once. */
export function ClusterMap({ result, text }: { readonly result: SimulatedResult; readonly text: SimulateText }) {
  const { device, devicesPerNode, intraNode, interNode } = result.config.cluster
  const kinds = useMemo(() => nodeKinds(result.ranks, devicesPerNode), [result, devicesPerNode])
  const capacity = capacityOf(result.config).bytes
  const nodes = Math.ceil(result.ranks.length / devicesPerNode)
  return (
    <div>
      <h3>
        {text.nodes.title}{' '}
        <small>
          {text.nodes.about(
            formatWhole(nodes),
            String(Math.min(devicesPerNode, result.ranks.length)),
            device,
            intraNode,
            nodes > 1 ? interNode : null,
          )}
        </small>
      </h3>
      <div role="region" aria-label={text.nodes.title}>
        <ul className={styles.nodes}>
          {kinds.slice(0, MAX_KINDS).map((kind) => (
            <Node key={kind.first} kind={kind} capacity={capacity} text={text} />
          ))}
          {kinds.length > MAX_KINDS && (
            <li className={styles.more}>{text.nodes.more(formatWhole(kinds.length - MAX_KINDS))}</li>
          )}
        </ul>
      </div>
      <LinkLoads result={result} text={text} />
    </div>
  )
}

function Node({
  kind: { count, devices },
  capacity,
  text,
}: {
  readonly kind: NodeKind
  readonly capacity: number
  readonly text: SimulateText
}) {
  const stages = rangesOf(devices.map(({ pipeline }) => pipeline))
  const fullest = devices.reduce((most, { bytes }) => Math.max(most, bytes), 0)
  const rest = devices.length - MAX_DEVICES
  return (
    <li
      className={styles.node}
      title={text.nodes.node(String(count), stages, formatBytes(fullest), formatBytes(capacity))}
    >
      <span className="visually-hidden">
        {text.nodes.node(String(count), stages, formatBytes(fullest), formatBytes(capacity))}
      </span>
      <span className={styles.name} aria-hidden="true">
        {text.nodes.stages(stages)} {count > 1 && <b>× {formatWhole(count)}</b>}
      </span>
      <span className={styles.devices} aria-hidden="true">
        {devices.slice(0, MAX_DEVICES).map(({ bytes }, i) => (
          <i key={i} data-over={bytes > capacity || undefined}>
            <i style={{ height: `${Math.min(100, (100 * bytes) / capacity)}%` }} />
          </i>
        ))}
        {rest > 0 && <span>+{rest}</span>}
      </span>
      <span className={styles.fill} aria-hidden="true">
        {formatPercent(fullest / capacity)}
      </span>
    </li>
  )
}

/** Traffic of each mesh axis and its link: line width by bytes, on one scale. */
function LinkLoads({ result: { links }, text }: { readonly result: SimulatedResult; readonly text: SimulateText }) {
  const page = useText()
  const most = Math.max(0, ...links.map(({ bytes }) => bytes))
  if (most === 0) return null
  return (
    <table className={styles.links}>
      <caption>{text.links.title}</caption>
      <tbody>
        {links.map(({ axis, ranks, betweenNodes, link, bytes }) => (
          <tr key={axis}>
            <th scope="row">
              {axis === 'all'
                ? text.links.all(formatWhole(ranks))
                : text.links.of(page.groups[axis], formatWhole(ranks))}
            </th>
            <td>{betweenNodes ? text.links.between(link) : text.links.inside(link)}</td>
            <td className={styles.line} data-between={betweenNodes || undefined} aria-hidden="true">
              <i style={{ height: Math.max(1, (12 * bytes) / most) }} />
            </td>
            <td className="predicted">{formatBytes(bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
