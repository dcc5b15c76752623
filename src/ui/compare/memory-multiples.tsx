import { useId, useMemo, useState } from 'react'
import type { MemoryCurve } from '../../sim/memory-curve.ts'
import { totalBytes } from '../../sim/memory-curve.ts'
import type { Pin } from '../../state/compare-store.ts'
import { BAR_PARTS, barPartBytes } from '../cluster/memory-bar.tsx'
import { MemoryPatterns } from '../cluster/memory-patterns.tsx'
import { pointAt, stackedAreas } from '../cluster/stacked-areas.ts'
import type { StackedCurve } from '../cluster/stacked-areas.ts'
import { formatBytes, formatPercent, formatSeconds } from '../format.ts'
import { useLayoutWords } from '../text/layout-words.ts'
import { useText } from '../text/use-text.ts'
import panel from '../theme/panel.module.css'
import { nameOf } from './compare-table.tsx'
import styles from './compare.module.css'
import { limitsOn } from './figures.ts'
import type { Limit } from './figures.ts'
import type { CompareText } from './text.ts'

const SIZE = { width: 300, height: 100 }
/** Margin above the highest curve or limit, so that its line is visible. */
const HEADROOM = 1.05

const CACHED_LINE = { stroke: 'var(--ink-3)', strokeDasharray: '3 3', vectorEffect: 'non-scaling-stroke' } as const
const LIMIT_LINE = { stroke: 'var(--ink)', strokeWidth: 2, vectorEffect: 'non-scaling-stroke' } as const

interface Fullest {
  readonly pin: Pin
  readonly curve: MemoryCurve
  readonly peak: number
}

const peakOf = ({ bytes }: MemoryCurve) => Math.max(...bytes.map(totalBytes))

const stackedOf = (curve: MemoryCurve): StackedCurve => ({
  at: curve.seconds,
  end: curve.stepSeconds,
  bytes: curve.bytes,
  cached: curve.bytes.map(({ cached }) => cached),
})

function fullestOf(pin: Pin): Fullest[] {
  const [first, ...rest] = (pin.memory ?? []).map((curve) => ({ pin, curve, peak: peakOf(curve) }))
  return first ? [rest.reduce((most, each) => (each.peak > most.peak ? each : most), first)] : []
}

/** The fullest device of each pin over its step: one scale of bytes, one cursor; the same numbers in a table. */
export function MemoryMultiples({ pins, text }: { readonly pins: readonly Pin[]; readonly text: CompareText }) {
  const fullest = useMemo(() => pins.flatMap(fullestOf), [pins])
  const [cursor, setCursor] = useState<number | null>(null)
  const [table, setTable] = useState(false)
  const { limits, most } = limitsOn(pins, Math.max(0, ...fullest.map(({ peak }) => peak)))
  const scale = HEADROOM * most
  return (
    <section className={panel.panel} aria-label={text.memories}>
      <div className={panel.head}>
        <h2 className={panel.title}>{text.memories}</h2>
        <span className={panel.spacer} />
        <button type="button" className={styles.toggle} aria-pressed={table} onClick={() => setTable(!table)}>
          {text.table}
        </button>
      </div>
      <p className={styles.about}>{text.memoriesAbout}</p>
      {table ? (
        <MemoryTable fullest={fullest} text={text} />
      ) : (
        <>
          <Legend
            cached={fullest.some(({ curve }) => curve.bytes.some(({ cached }) => cached > 0))}
            limits={limits.size > 0}
            text={text}
          />
          <div className={styles.multiples} onPointerLeave={() => setCursor(null)}>
            {fullest.map((each) => (
              <SmallMemory
                key={each.pin.letter}
                {...each}
                scale={scale}
                limit={limits.get(each.pin) ?? null}
                cursor={cursor}
                onCursor={setCursor}
                text={text}
              />
            ))}
          </div>
        </>
      )}
    </section>
  )
}

/** Legend of the lines in the charts; the areas are those of the legend above. */
function Legend({
  cached,
  limits,
  text,
}: {
  readonly cached: boolean
  readonly limits: boolean
  readonly text: CompareText
}) {
  const page = useText()
  return (
    <ul className={styles.legend}>
      {cached && (
        <li>
          <svg width="24" height="8" aria-hidden="true">
            <line x1="0" x2="24" y1="4" y2="4" {...CACHED_LINE} />
          </svg>
          {page.keptFree}
        </li>
      )}
      {limits && (
        <li>
          <svg width="24" height="8" aria-hidden="true">
            <line x1="0" x2="24" y1="4" y2="4" {...LIMIT_LINE} />
          </svg>
          {text.limits}
        </li>
      )}
    </ul>
  )
}

/** Moments of the step with a table row, and the peak. */
const MOMENTS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]

function MemoryTable({ fullest, text }: { readonly fullest: readonly Fullest[]; readonly text: CompareText }) {
  const page = useText()
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={text.memoryTable}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{text.columns.configuration}</th>
            <th scope="col">{text.share}</th>
            {BAR_PARTS.map((part) => (
              <th key={part} scope="col">
                {page.categories[part]}
              </th>
            ))}
            <th scope="col">{page.keptFree}</th>
            <th scope="col">{text.total}</th>
          </tr>
        </thead>
        <tbody>
          {fullest.flatMap(({ pin, curve, peak }) => {
            const stacked = stackedOf(curve)
            const fullestAt = curve.bytes.findIndex((bytes) => totalBytes(bytes) === peak)
            const moments = MOMENTS.map((share) => ({
              name: formatPercent(share),
              at: pointAt(stacked, share * curve.stepSeconds),
            }))
            return [{ name: text.atPeak, at: fullestAt }, ...moments].map(({ name, at }) => {
              const bytes = curve.bytes[at]!
              return (
                <tr key={`${pin.letter} ${name}`}>
                  <th scope="row">{pin.letter}</th>
                  <td>{name}</td>
                  {BAR_PARTS.map((part) => (
                    <td key={part} className="predicted">
                      {formatBytes(barPartBytes(bytes, part))}
                    </td>
                  ))}
                  <td className="predicted">{formatBytes(bytes.cached)}</td>
                  <td className="predicted">{formatBytes(totalBytes(bytes))}</td>
                </tr>
              )
            })
          })}
        </tbody>
      </table>
    </div>
  )
}

interface SmallProps extends Fullest {
  readonly scale: number
  readonly limit: Limit | null
  /** Share of the step. */
  readonly cursor: number | null
  readonly onCursor: (cursor: number) => void
  readonly text: CompareText
}

function SmallMemory({ pin, curve, peak, scale, limit, cursor, onCursor, text }: SmallProps) {
  const words = useLayoutWords()
  const pattern = useId()
  const stacked = useMemo(() => stackedOf(curve), [curve])
  const areas = useMemo(() => stackedAreas(stacked, scale, SIZE), [stacked, scale])
  const under = cursor === null ? null : curve.bytes[pointAt(stacked, cursor * curve.stepSeconds)]
  return (
    <figure className={styles.small}>
      <figcaption>
        <b className={styles.letter}>{pin.letter}</b>
        <span className={styles.reading}>
          {cursor !== null && under && text.memoryAt(formatPercent(cursor), formatBytes(totalBytes(under)))}
        </span>
        <strong className="predicted">{formatBytes(peak)}</strong>
      </figcaption>
      <div className={styles.top}>
        {formatBytes(scale)}
        {limit !== null && <span>{text[limit.kind](formatBytes(limit.bytes))}</span>}
      </div>
      <svg
        className={styles.memoryPlot}
        viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text.memoryOf(pin.letter, nameOf(pin, words), formatBytes(peak))}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect()
          onCursor(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)))
        }}
      >
        <MemoryPatterns id={pattern} />
        {areas.map(({ part, path }) => (
          <path
            key={part}
            d={path}
            fill={part === 'cached' ? 'none' : `url(#${pattern}-${part})`}
            {...(part === 'cached' ? CACHED_LINE : {})}
          />
        ))}
        {limit !== null && (
          <line
            x1={0}
            x2={SIZE.width}
            y1={SIZE.height * (1 - limit.bytes / scale)}
            y2={SIZE.height * (1 - limit.bytes / scale)}
            {...LIMIT_LINE}
          >
            <title>{text[limit.kind](formatBytes(limit.bytes))}</title>
          </line>
        )}
        {cursor !== null && (
          <line x1={cursor * SIZE.width} x2={cursor * SIZE.width} y1={0} y2={SIZE.height} stroke="var(--accent)" />
        )}
      </svg>
      <div className={styles.span}>
        <span>0</span>
        <span className="virtual">{formatSeconds(curve.stepSeconds)}</span>
      </div>
    </figure>
  )
}
