import { useId, useMemo, useState } from 'react'
import type { MemoryCurve } from '../../sim/memory-curve.ts'
import { totalBytes } from '../../sim/memory-curve.ts'
import type { Pin } from '../../state/compare-store.ts'
import { MemoryPatterns } from '../cluster/memory-patterns.tsx'
import { pointAt, stackedAreas } from '../cluster/stacked-areas.ts'
import type { StackedCurve } from '../cluster/stacked-areas.ts'
import { formatBytes, formatPercent, formatSeconds } from '../format.ts'
import { useLayoutWords } from '../text/layout-words.ts'
import { nameOf } from './compare-table.tsx'
import styles from './compare.module.css'
import type { CompareText } from './text.ts'

const SIZE = { width: 300, height: 100 }

interface Fullest {
  readonly pin: Pin
  readonly curve: MemoryCurve
  readonly peak: number
}

const peakOf = ({ bytes }: MemoryCurve) => Math.max(...bytes.map(totalBytes))

function fullestOf(pin: Pin): Fullest[] {
  const [first, ...rest] = (pin.memory ?? []).map((curve) => ({ pin, curve, peak: peakOf(curve) }))
  return first ? [rest.reduce((most, each) => (each.peak > most.peak ? each : most), first)] : []
}

/** The fullest device of each pin over its step: one scale of bytes, one cursor. */
export function MemoryMultiples({ pins, text }: { readonly pins: readonly Pin[]; readonly text: CompareText }) {
  const fullest = useMemo(() => pins.flatMap(fullestOf), [pins])
  const [cursor, setCursor] = useState<number | null>(null)
  const scale = 1.05 * Math.max(1, ...fullest.map(({ peak }) => peak))
  return (
    <>
      <p className={styles.about}>{text.memoriesAbout}</p>
      <div className={styles.multiples} onPointerLeave={() => setCursor(null)}>
        {fullest.map((each) => (
          <SmallMemory key={each.pin.letter} {...each} scale={scale} cursor={cursor} onCursor={setCursor} text={text} />
        ))}
      </div>
    </>
  )
}

interface SmallProps extends Fullest {
  readonly scale: number
  /** Share of the step. */
  readonly cursor: number | null
  readonly onCursor: (cursor: number) => void
  readonly text: CompareText
}

function SmallMemory({ pin, curve, peak, scale, cursor, onCursor, text }: SmallProps) {
  const words = useLayoutWords()
  const pattern = useId()
  const stacked = useMemo(
    (): StackedCurve => ({
      at: curve.seconds,
      end: curve.stepSeconds,
      bytes: curve.bytes,
      cached: curve.bytes.map(({ cached }) => cached),
    }),
    [curve],
  )
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
            {...(part === 'cached' ? { stroke: 'var(--ink-3)', strokeDasharray: '3 3' } : {})}
          />
        ))}
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
