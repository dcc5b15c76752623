import {
  CartesianGrid,
  ReferenceLine,
  ResponsiveContainer,
  Scatter,
  ScatterChart,
  Tooltip,
  XAxis,
  YAxis,
  ZAxis,
} from 'recharts'
import { describeCandidate, type LayoutWords } from '../../sim/planner/candidates.ts'
import type { PlannerResult } from '../../sim/planner/plan.ts'
import type { ClockedCandidate } from '../../sim/planner/clocked-candidate.ts'
import type { SimulatedResult } from '../../sim/simulate.ts'
import { fullestBytes } from '../../state/capacity.ts'
import { isComparable } from '../../state/comparable.ts'
import { formatBytes, formatCount, formatWhole } from '../format.ts'
import styles from './simulate.module.css'
import type { SimulateText } from './text-en.ts'
import { useLayoutWords } from '../text/layout-words.ts'

interface Point {
  readonly name: string
  readonly memoryBytes: number
  readonly tokensPerSecond: number
  /** Absent for the current configuration, which is in use. */
  readonly planned?: ClockedCandidate
}

const HEIGHT = 260
/** Area of a symbol, in square pixels. */
const SIGN_AREA = 40

const pointOf = (planned: ClockedCandidate, words: LayoutWords): Point => ({
  name: describeCandidate(planned.candidate, words),
  memoryBytes: planned.memoryBytes,
  tokensPerSecond: planned.tokensPerSecond,
  planned,
})

interface Props {
  readonly plan: PlannerResult
  /** The current simulation: marked where it is the same training on the same devices. */
  readonly present: SimulatedResult | null
  readonly text: SimulateText
  readonly onTake: (planned: ClockedCandidate) => void
}

/** Every clocked layout by memory and speed; the Pareto front joined by steps. The table below lists them all. */
export default function ParetoPlot({ plan, present, text, onTake }: Props) {
  const words = useLayoutWords()
  const point = (planned: ClockedCandidate) => pointOf(planned, words)
  const onFront = new Set(plan.front)
  const dominated = plan.ranked.filter((each) => !onFront.has(each)).map(point)
  const front = plan.front.map(point)
  const current: Point[] =
    present !== null && isComparable(present, plan)
      ? [
          {
            name: text.present,
            memoryBytes: fullestBytes(present),
            tokensPerSecond: present.tokensPerSecond?.virtual ?? 0,
          },
        ]
      : []
  const take = ({ payload }: { readonly payload?: unknown }) => {
    const planned = isPoint(payload) ? payload.planned : undefined
    if (planned) onTake(planned)
  }
  const widest = Math.max(plan.budgetBytes, ...current.map((each) => each.memoryBytes))
  return (
    <figure className={styles.plot}>
      <ResponsiveContainer width="100%" height={HEIGHT}>
        <ScatterChart
          margin={{ top: 8, right: 16, bottom: 20, left: 8 }}
          accessibilityLayer={false}
          role="img"
          aria-label={text.plotAbout(formatWhole(plan.ranked.length), formatWhole(front.length))}
        >
          <CartesianGrid stroke="var(--hairline)" />
          <XAxis
            type="number"
            dataKey="memoryBytes"
            domain={[0, widest * 1.05]}
            tickFormatter={formatBytes}
            stroke="var(--ink-3)"
            fontSize={11}
            label={{ value: text.fullest, position: 'insideBottom', offset: -12, fill: 'var(--ink-2)', fontSize: 11 }}
          />
          <YAxis
            type="number"
            dataKey="tokensPerSecond"
            domain={[0, 'auto']}
            tickFormatter={formatCount}
            stroke="var(--ink-3)"
            fontSize={11}
            width={56}
            label={{ value: text.tokens, angle: -90, position: 'insideLeft', fill: 'var(--ink-2)', fontSize: 11 }}
          />
          <ZAxis range={[SIGN_AREA, SIGN_AREA]} />
          <ReferenceLine
            x={plan.budgetBytes}
            stroke="var(--ink)"
            strokeDasharray="4 3"
            label={{
              value: text.capacity(formatBytes(plan.budgetBytes), plan.best.cluster.memoryBytes !== null),
              position: 'insideBottomRight',
              fill: 'var(--ink-2)',
              fontSize: 11,
            }}
          />
          <Tooltip cursor={false} isAnimationActive={false} content={<Note text={text} />} />
          <Scatter
            name={text.layouts}
            data={dominated}
            fill="var(--ink-3)"
            fillOpacity={0.45}
            shape="circle"
            isAnimationActive={false}
            onClick={take}
          />
          <Scatter
            name={text.frontShort}
            data={front}
            fill="var(--accent)"
            line={{ stroke: 'var(--accent)' }}
            shape="diamond"
            isAnimationActive={false}
            onClick={take}
          />
          <Scatter name={text.present} data={current} fill="var(--danger)" shape="cross" isAnimationActive={false} />
        </ScatterChart>
      </ResponsiveContainer>
      <figcaption className={styles.legend}>
        <span>
          <Sign>●</Sign> {text.layouts}
        </span>
        <span>
          <Sign accent>◆</Sign> {text.frontShort}
        </span>
        {current.length > 0 && (
          <span>
            <Sign here>✚</Sign> {text.present}
          </span>
        )}
      </figcaption>
    </figure>
  )
}

function Sign({
  accent = false,
  here = false,
  children,
}: {
  readonly accent?: boolean
  readonly here?: boolean
  readonly children: string
}) {
  const colour = accent ? 'var(--accent)' : here ? 'var(--danger)' : 'var(--ink-3)'
  return (
    <b aria-hidden="true" style={{ color: colour }}>
      {children}
    </b>
  )
}

function isPoint(value: unknown): value is Point {
  return typeof value === 'object' && value !== null && 'memoryBytes' in value && 'tokensPerSecond' in value
}

/** The chart passes the hovered point to its tooltip. */
function Note({
  payload,
  text,
}: {
  readonly payload?: readonly { readonly payload?: unknown }[]
  readonly text: SimulateText
}) {
  const point = payload?.[0]?.payload
  if (!isPoint(point)) return null
  return (
    <div className={styles.note}>
      <strong>{point.name}</strong>
      <div>
        <span className="predicted">{formatBytes(point.memoryBytes)}</span> ·{' '}
        <span className="virtual">
          {formatCount(point.tokensPerSecond)} {text.tokens}
        </span>
      </div>
      {point.planned && <div>{text.clickToUse}</div>}
    </div>
  )
}
