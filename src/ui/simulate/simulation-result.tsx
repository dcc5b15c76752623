import { useState } from 'react'
import { SOFTWARE } from '../../sim/cost/software.ts'
import type { SimulatedResult } from '../../sim/simulate.ts'
import { capacityOf, fullestBytes } from '../../state/capacity.ts'
import { BAR_PARTS, barPartBytes } from '../cluster/memory-bar.tsx'
import { MemoryLegend } from '../cluster/memory-legend.tsx'
import { Segmented } from '../controls/segmented.tsx'
import { formatBytes, formatCount, formatPercent, formatSeconds, formatWhole } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { lazyPart } from '../part/lazy-part.tsx'
import { useText } from '../text/use-text.ts'
import panel from '../theme/panel.module.css'
import { ClusterMap } from './cluster-map.tsx'
import { OverCapacity } from './over-capacity.tsx'
import { RefusalNotice } from './refusal-notice.tsx'
import styles from './simulate.module.css'
import type { SimulateText } from './text-en.ts'
import stacked from '../theme/stacked-bar.module.css'

/** Its chart library is loaded after the first figures. */
const MemoryOverTime = lazyPart(() => import('./memory-over-time.tsx'))
const Goodput = lazyPart(() => import('./goodput.tsx'))

/** Stages added to a list at a time; the style sheet has its height. */
const MAX_ROWS = 32

/** One rank per pipeline stage: replicas and tensor shards are equal, but rank 0 may differ. */
function stageRanks({ ranks }: SimulatedResult): SimulatedResult['ranks'] {
  return ranks.filter(({ coordinates }) => coordinates.data === 0 && coordinates.tensor === 0)
}

interface FigureProps {
  readonly label: string
  readonly value: string
  /** null: a fact, neither predicted nor virtual. */
  readonly kind: 'predicted' | 'virtual' | null
  readonly text: SimulateText
}

function Figure({ label, value, kind, text }: FigureProps) {
  return (
    <div className={styles.figure} title={kind === null ? undefined : text[kind]}>
      <dt>{label}</dt>
      <dd>
        <span className={kind ?? undefined}>{value}</span>
      </dd>
    </div>
  )
}

/** The simulated step in figures, memory and time per stage, and its critical path. */
export function SimulationResult({ text, onSearch }: { readonly text: SimulateText; readonly onSearch: () => void }) {
  const { simulation } = usePage()
  const { result, computing, problem, milliseconds } = useSlice(simulation, (state) => state)
  const [view, setView] = useState<'bars' | 'table'>('bars')
  const refusal = problem !== null && <RefusalNotice hasResult={result !== null} text={text} onSearch={onSearch} />
  if (result === null) return refusal || <p aria-busy={computing}>{text.computing}</p>
  const { time, tokensPerSecond, schedule, ranks } = result
  const stale = problem !== null
  const how = text.how(SOFTWARE[result.software].title)
  return (
    <>
      {refusal || <OverCapacity result={result} text={text} onSearch={onSearch} />}
      <div className={stale ? styles.stale : undefined} aria-busy={computing}>
        <div className={panel.head}>
          <h2 className={panel.title}>{text.title}</h2>
          <span>{result.measuredDevice === undefined ? how : `${how}; ${text.measure.on(result.measuredDevice)}`}</span>
          <span>{computing ? text.computing : text.took(formatSeconds(milliseconds / 1000))}</span>
          <span className={panel.spacer} />
          <Segmented
            label={text.title}
            value={view}
            options={[
              { value: 'bars', label: text.bars },
              { value: 'table', label: text.table },
            ]}
            onChange={setView}
          />
        </div>
        <dl className={styles.figures}>
          <Figure label={text.devices} value={formatWhole(ranks.length)} kind={null} text={text} />
          <Figure label={text.step} value={formatSeconds(time.stepSeconds)} kind="virtual" text={text} />
          <Figure label={text.tokens} value={formatCount(tokensPerSecond?.virtual ?? 0)} kind="virtual" text={text} />
          <Figure label={text.mfu} value={formatPercent(time.mfu)} kind="virtual" text={text} />
          <Figure label={text.hfu} value={formatPercent(time.hfu)} kind="virtual" text={text} />
          <Figure label={text.bubble} value={formatPercent(schedule?.bubble ?? 0)} kind="predicted" text={text} />
          <Figure label={text.fullest} value={formatBytes(fullestBytes(result))} kind="predicted" text={text} />
        </dl>
        <ClusterMap result={result} text={text} />
        {view === 'bars' ? <Bars result={result} text={text} /> : <Table result={result} text={text} />}
        <div className={styles.pair}>
          <MemoryOverTime waiting={<div aria-busy="true" />} text={text} />
          <CriticalPath result={result} text={text} />
        </div>
        {result.goodput && <Goodput goodput={result.goodput} waiting={<div aria-busy="true" />} text={text} />}
      </div>
    </>
  )
}

interface Props {
  readonly result: SimulatedResult
  readonly text: SimulateText
}

function Bars({ result, text }: Props) {
  const page = useText()
  const stages = stageRanks(result)
  const { bytes: capacity, isBudget } = capacityOf(result.config)
  const most = Math.max(capacity, ...stages.map((rank) => rank.predictedBytes.total))
  const { stepSeconds, computeSeconds, communicationSeconds, idleSeconds } = result.time
  const percent = (share: number) => `${Math.min(100, 100 * share)}%`
  // Scrollable areas must be reachable by keyboard.
  const scrolls = stages.length > MAX_ROWS ? { tabIndex: 0 } : {}
  return (
    <div className={styles.pair}>
      <div>
        <h3>
          {text.memory} <small>{text.capacity(formatBytes(capacity), isBudget)}</small>
        </h3>
        <div className={styles.bars} {...scrolls} role="region" aria-label={text.memory}>
          <ul>
            {stages.map(({ rank, coordinates, predictedBytes }) => {
              const parts = BAR_PARTS.map((part) => ({ part, bytes: barPartBytes(predictedBytes, part) }))
              const spokenText = parts
                .map(({ part, bytes }) => `${page.categories[part]} ${formatBytes(bytes)}`)
                .join(', ')
              return (
                <li key={rank}>
                  <span>{text.stage(coordinates.pipeline)}</span>
                  <span
                    className={stacked.bar}
                    role="img"
                    aria-label={`${text.stage(coordinates.pipeline)}: ${spokenText}`}
                  >
                    {parts.map(({ part, bytes }) => (
                      <i
                        key={part}
                        data-part={part}
                        style={{ width: percent(bytes / most) }}
                        title={`${page.categories[part]} ${formatBytes(bytes)}`}
                      />
                    ))}
                    <b style={{ insetInlineStart: percent(capacity / most) }} />
                  </span>
                  <span className={`${styles.number} predicted`}>{formatBytes(predictedBytes.total)}</span>
                </li>
              )
            })}
          </ul>
        </div>
        <MemoryLegend />
      </div>
      <div>
        <h3>{text.time}</h3>
        <div className={styles.bars} {...scrolls} role="region" aria-label={text.time}>
          <ul>
            {stages.map(({ rank, coordinates }) => {
              const parts = [
                ['compute', computeSeconds[rank] ?? 0],
                ['communication', communicationSeconds[rank] ?? 0],
                ['idle', idleSeconds[rank] ?? 0],
              ] as const
              const spokenText = parts.map(([part, seconds]) => `${text[part]} ${formatSeconds(seconds)}`).join(', ')
              return (
                <li key={rank}>
                  <span>{text.stage(coordinates.pipeline)}</span>
                  <span
                    className={stacked.bar}
                    role="img"
                    aria-label={`${text.stage(coordinates.pipeline)}: ${spokenText}`}
                  >
                    {parts.map(([part, seconds]) => (
                      <i
                        key={part}
                        data-time={part}
                        style={{ width: percent(seconds / stepSeconds) }}
                        title={`${text[part]} ${formatSeconds(seconds)}`}
                      />
                    ))}
                  </span>
                  <span className={styles.number}>
                    <span className="virtual">{formatPercent((computeSeconds[rank] ?? 0) / stepSeconds)}</span>
                  </span>
                </li>
              )
            })}
          </ul>
        </div>
        <p className={styles.legend}>
          {(['compute', 'communication', 'idle'] as const).map((part) => (
            <span key={part}>
              <i data-time={part} /> {text[part]}
            </span>
          ))}
        </p>
      </div>
    </div>
  )
}

function Table({ result, text }: Props) {
  const page = useText()
  const { computeSeconds, communicationSeconds, idleSeconds } = result.time
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={text.table}>
      <table className={styles.table}>
        <thead>
          <tr>
            <td />
            {BAR_PARTS.map((part) => (
              <th key={part} scope="col">
                {page.categories[part]}
              </th>
            ))}
            <th scope="col">{text.compute}</th>
            <th scope="col">{text.communication}</th>
            <th scope="col">{text.idle}</th>
            <th scope="col">{text.sent}</th>
          </tr>
        </thead>
        <tbody>
          {stageRanks(result).map(({ rank, coordinates, predictedBytes, sentBytes }) => (
            <tr key={rank}>
              <th scope="row">{text.stage(coordinates.pipeline)}</th>
              {BAR_PARTS.map((part) => (
                <td key={part}>
                  <span className="predicted">{formatBytes(barPartBytes(predictedBytes, part))}</span>
                </td>
              ))}
              {[computeSeconds, communicationSeconds, idleSeconds].map((seconds, i) => (
                <td key={i}>
                  <span className="virtual">{formatSeconds(seconds[rank] ?? 0)}</span>
                </td>
              ))}
              <td>
                <span className="predicted">{formatBytes(sentBytes)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function CriticalPath({ result, text }: Props) {
  const { criticalPath } = result.time
  if (criticalPath.length === 0) return null
  return (
    <div>
      <h3>{text.path}</h3>
      <ul className={styles.path}>
        {criticalPath.slice(0, 6).map(({ what, seconds }) => (
          <li key={what}>
            <span>
              {text.words[what] ??
                what
                  .split(' ')
                  .map((word) => text.words[word] ?? word)
                  .join(' ')}
            </span>{' '}
            <span className={`${styles.number} virtual`}>{formatPercent(seconds / result.time.stepSeconds)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
