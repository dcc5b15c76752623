import { Fragment, useRef } from 'react'
import type { RunConfig } from '../../config/types.ts'
import type { RankView } from '../../state/run-state.ts'
import { pairTraffic } from '../../state/link-traffic.ts'
import type { Plan } from '../../state/session.ts'
import { slowestRank } from '../../state/slowest.ts'
import { Segmented } from '../controls/segmented.tsx'
import { formatBytes, formatCount } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import panel from '../theme/panel.module.css'
import { useShownCluster } from '../use-shown-cluster.ts'
import styles from './cluster.module.css'
import { BAR_PARTS, barPartBytes } from './memory-bar.tsx'
import { MemoryLegend } from './memory-legend.tsx'
import { LinkOverlay, LinksNow } from './link-overlay.tsx'
import { Mesh } from './mesh.tsx'
import { RankCard } from './rank-card.tsx'

/** Beyond this number, cards show only memory. */
const MAX_FULL_CARDS = 8
/** Maximum width of a card, with its gap. */
const CARD_WIDTH = 440

/** The devices, as cards with their memory or as a mesh of groups; before any run the prediction. */
export function ClusterPanel() {
  const page = usePage()
  const text = useText()
  const { plan, config, ranks } = useShownCluster()
  const view = useSlice(page.view, (state) => state.cluster)
  const adapter = useSlice(page.run, (state) => state.ranks.find((each) => each.adapter)?.adapter ?? null)
  const budget = config.cluster.memoryBytes
  const meshed = view === 'mesh' && plan !== null && plan.world > 1
  return (
    <section className={panel.panel} aria-label={text.cluster} data-tour="cluster">
      <div className={panel.head}>
        <h2 className={panel.title}>{text.cluster}</h2>
        {plan && plan.world > 1 && (
          <Segmented
            label={text.clusterView}
            value={view}
            options={[
              { value: 'cards', label: text.clusterViews.cards },
              { value: 'mesh', label: text.clusterViews.mesh },
            ]}
            onChange={(cluster) => page.view.setState({ cluster })}
          />
        )}
        {plan && (
          <span>
            {text.devices(plan.world)} · {text.modelSize(formatCount(plan.parameters))} ·{' '}
            {budget === null ? text.noBudget : text.budget(formatBytes(budget))}
          </span>
        )}
        {/* The notice above already mentions a software adapter. */}
        {adapter && !adapter.software && <span>{adapter.description || adapter.vendor}</span>}
        <span className={panel.spacer} />
        {!meshed && <MemoryLegend free />}
      </div>
      {meshed ? <Mesh plan={plan} ranks={ranks} /> : plan && <Cards plan={plan} config={config} ranks={ranks} />}
    </section>
  )
}

interface Shown {
  readonly plan: Plan
  readonly config: RunConfig
  readonly ranks: readonly RankView[]
}

/** A card per device, connected by links, memory on one scale. */
function Cards({ plan, config, ranks }: Shown) {
  const page = usePage()
  const text = useText()
  const cursor = useSlice(page.view, (state) => (state.timeline === 'executed' ? null : state.cursor))
  const failedRank = useSlice(page.run, (state) => state.failure?.rank ?? null)
  const slowest = slowestRank(ranks, config)
  const area = useRef<HTMLDivElement>(null)
  const traffic = pairTraffic(plan, ranks, cursor === null ? null : Math.floor(cursor))
  const { devicesPerNode } = config.cluster
  const nodes = Array.from({ length: Math.ceil(plan.world / devicesPerNode) }, (_, node) =>
    plan.ranks.slice(node * devicesPerNode, (node + 1) * devicesPerNode),
  )
  const budget = config.cluster.memoryBytes
  const scale = Math.max(budget ?? 0, ...plan.ranks.map((rank) => rank.peak.total)) * 1.02
  return (
    <>
      <div
        ref={area}
        className={styles.area}
        style={{ maxWidth: plan.world * CARD_WIDTH }}
        data-dense={plan.world > MAX_FULL_CARDS || undefined}
      >
        {plan.world > 1 && <LinkOverlay key={plan.world} area={area} pairs={plan.pairs} traffic={traffic} />}
        {nodes.map((members, node) => (
          <Fragment key={node}>
            {nodes.length > 1 && <h3 className={styles.node}>{text.node(node)}</h3>}
            <ol className={styles.cards} {...(nodes.length > 1 ? { 'aria-label': text.node(node) } : {})}>
              {members.map((planned) => (
                <RankCard
                  key={planned.rank}
                  plan={plan}
                  planned={planned}
                  view={ranks[planned.rank] ?? null}
                  cursor={cursor}
                  scale={scale}
                  budget={budget}
                  failed={failedRank === planned.rank}
                  slowest={slowest?.rank === planned.rank ? slowest : null}
                />
              ))}
            </ol>
          </Fragment>
        ))}
      </div>
      <div className={styles.foot}>
        <MemoryTable plan={plan} ranks={ranks} />
        {plan.world > 1 && <LinksNow traffic={traffic} />}
      </div>
    </>
  )
}

function MemoryTable({ plan, ranks }: Pick<Shown, 'plan' | 'ranks'>) {
  const text = useText()
  return (
    <details className={styles.table}>
      <summary>{text.memoryTable}</summary>
      <table>
        <thead>
          <tr>
            <th>{text.columns.rank}</th>
            {BAR_PARTS.map((part) => (
              <th key={part}>{text.categories[part]}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {plan.ranks.map((planned) => {
            const bytes = ranks[planned.rank]?.live ?? planned.atPeak
            return (
              <tr key={planned.rank}>
                <th>{planned.rank}</th>
                {BAR_PARTS.map((part) => (
                  <td key={part}>{formatBytes(barPartBytes(bytes, part))}</td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </details>
  )
}
