import { useEffect, useState } from 'react'
import { Area, AreaChart, CartesianGrid, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from 'recharts'
import { totalBytes, type MemoryCurve } from '../../sim/memory-curve.ts'
import { capacityOf } from '../../state/capacity.ts'
import { BAR_PARTS, barPartBytes } from '../cluster/memory-bar.tsx'
import { MemoryPatterns } from '../cluster/memory-patterns.tsx'
import { formatBytes, formatSeconds } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import panel from '../theme/panel.module.css'
import styles from './simulate.module.css'
import type { SimulateText } from './text-en.ts'

/** While a control is being moved, the next result matters more than its curve. */
const STILL_MILLISECONDS = 300
const HEIGHT = 220
/** Rows of the chart's table. */
const MAX_ROWS = 40

const PARTS = [...BAR_PARTS, 'cached'] as const
type Part = (typeof PARTS)[number]

const bytesOf = (bytes: MemoryCurve['bytes'][number], part: Part) =>
  part === 'cached' ? bytes.cached : barPartBytes(bytes, part)

/** Live bytes by category over the virtual step, one stage at a time; the same numbers in a table. */
export default function MemoryOverTime({ text }: { readonly text: SimulateText }) {
  const page = useText()
  const { simulation } = usePage()
  const { memory, result, problem, computing } = useSlice(simulation, (state) => state)
  const [chosen, setChosen] = useState(0)
  useEffect(() => {
    if (computing || problem !== null || result === null) return
    const timer = setTimeout(() => simulation.remember(), STILL_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [simulation, result, computing, problem])
  const curve = memory?.[Math.min(chosen, memory.length - 1)]
  if (!memory || !curve || result === null)
    return (
      <div>
        <h3>{text.overTime}</h3>
        <div style={{ height: HEIGHT }} aria-busy={problem === null} />
      </div>
    )
  const { bytes: capacity, isBudget } = capacityOf(result.config)
  const peak = Math.max(...curve.bytes.map(totalBytes))
  const parts = PARTS.filter((part) => curve.bytes.some((bytes) => bytesOf(bytes, part) > 0))
  const nameOf = (part: Part) => (part === 'cached' ? text.cached : page.categories[part])
  const label = (each: MemoryCurve) => `${text.stage(each.coordinates.pipeline)}, rank ${each.rank}`
  const points = curve.seconds.map((seconds, i) => ({
    seconds,
    ...Object.fromEntries(parts.map((part) => [part, bytesOf(curve.bytes[i]!, part)])),
  }))
  // The last bytes last until the step's end.
  points.push({ ...points.at(-1)!, seconds: curve.stepSeconds })
  const most = capacity <= peak * 4 ? Math.max(capacity, peak) : peak
  return (
    <div>
      <div className={panel.head}>
        <h3>{text.overTime}</h3>
        <label>
          {text.overTimeOf}{' '}
          <select
            value={Math.min(chosen, memory.length - 1)}
            onChange={(event) => setChosen(Number(event.target.value))}
          >
            {memory.map((each, i) => (
              <option key={each.rank} value={i}>
                {label(each)}
              </option>
            ))}
          </select>
        </label>
        {capacity > most && <span>{text.capacity(formatBytes(capacity), isBudget)}</span>}
      </div>
      <ResponsiveContainer width="100%" height={HEIGHT}>
        <AreaChart
          data={points}
          margin={{ top: 8, right: 16, bottom: 4, left: 8 }}
          accessibilityLayer={false}
          role="img"
          aria-label={text.overTimeAbout(label(curve), formatBytes(peak))}
        >
          <MemoryPatterns id="memory" />
          <CartesianGrid stroke="var(--hairline)" />
          <XAxis
            type="number"
            dataKey="seconds"
            domain={[0, curve.stepSeconds]}
            tickFormatter={formatSeconds}
            stroke="var(--ink-3)"
            fontSize={11}
          />
          <YAxis
            type="number"
            domain={[0, most * 1.05]}
            tickFormatter={formatBytes}
            stroke="var(--ink-3)"
            fontSize={11}
            width={64}
          />
          {parts.map((part) => (
            <Area
              key={part}
              dataKey={part}
              name={nameOf(part)}
              stackId="bytes"
              type="stepAfter"
              stroke="none"
              fill={`url(#memory-${part})`}
              fillOpacity={1}
              isAnimationActive={false}
              activeDot={false}
            />
          ))}
          {capacity <= most && (
            <ReferenceLine
              y={capacity}
              stroke="var(--ink)"
              strokeDasharray="4 3"
              label={{
                value: text.capacity(formatBytes(capacity), isBudget),
                position: 'insideTopRight',
                fill: 'var(--ink-2)',
                fontSize: 11,
              }}
            />
          )}
        </AreaChart>
      </ResponsiveContainer>
      <details>
        <summary>{text.table}</summary>
        <CurveTable curve={curve} parts={parts} nameOf={nameOf} text={text} />
      </details>
    </div>
  )
}

function CurveTable({
  curve,
  parts,
  nameOf,
  text,
}: {
  readonly curve: MemoryCurve
  readonly parts: readonly Part[]
  readonly nameOf: (part: Part) => string
  readonly text: SimulateText
}) {
  const every = Math.ceil(curve.seconds.length / MAX_ROWS)
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={`${text.overTime}: ${text.table}`}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{text.time0}</th>
            {parts.map((part) => (
              <th key={part} scope="col">
                {nameOf(part)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {curve.seconds.map(
            (seconds, i) =>
              i % every === 0 && (
                <tr key={i}>
                  <th scope="row">
                    <span className="virtual">{formatSeconds(seconds)}</span>
                  </th>
                  {parts.map((part) => (
                    <td key={part}>
                      <span className="predicted">{formatBytes(bytesOf(curve.bytes[i]!, part))}</span>
                    </td>
                  ))}
                </tr>
              ),
          )}
        </tbody>
      </table>
    </div>
  )
}
