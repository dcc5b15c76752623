import { useEffect, useState } from 'react'
import type { RefObject } from 'react'
import type { PairTraffic } from '../../state/link-traffic.ts'
import { formatBytes } from '../format.ts'
import { useText } from '../text/use-text.ts'
import { route } from './link-route.ts'
import type { Box } from './link-route.ts'
import styles from './link-overlay.module.css'

interface Props {
  /** Contains the cards, each with its `data-rank`. */
  readonly area: RefObject<HTMLElement | null>
  /** Pairs of ranks that exchange anything: "0 3". */
  readonly pairs: readonly string[]
  readonly traffic: readonly PairTraffic[]
}

/** Lines behind the cards between ranks that exchange data, highlighted in the direction of active transfers. */
export function LinkOverlay({ area, pairs, traffic }: Props) {
  const boxes = useBoxes(area)
  const lit = new Map(traffic.map((each) => [`${each.low} ${each.high}`, each]))
  const lines = pairs.flatMap((pair) => {
    const [low, high] = pair.split(' ').map(Number)
    const [a, b] = [boxes.get(low!), boxes.get(high!)]
    return a && b ? [{ pair, path: route(a, b), now: lit.get(pair) }] : []
  })
  return (
    <svg className={styles.links} aria-hidden="true">
      {lines.map(({ pair, path }) => (
        <path key={pair} className={styles.line} d={path} />
      ))}
      {lines.map(
        ({ pair, path, now }) =>
          now && <path key={pair} className={styles.flow} data-traffic={now.traffic} data-flow={now.flow} d={path} />,
      )}
    </svg>
  )
}

const ARROWS = { forth: '→', back: '←', both: '↔' } as const
/** Pairs of ranks that are listed. */
const MAX_NAMED = 8

/** Traffic of the links as text, in bytes; in the schedule only the direction is known. */
export function LinksNow({ traffic }: Pick<Props, 'traffic'>) {
  const text = useText()
  const named = traffic.slice(0, MAX_NAMED).map(({ low, high, flow }) => `${low} ${ARROWS[flow]} ${high}`)
  return (
    <p className={styles.now} data-testid="links-now">
      <span className="visually-hidden">{text.onLinks}</span>
      {traffic.length === 0 && <span>{text.linksIdle}</span>}
      {sumsOf(traffic).map(([kind, bytes]) => (
        <span key={kind}>
          <i data-traffic={kind} /> {text.traffic[kind]} {bytes > 0 && formatBytes(bytes)}
        </span>
      ))}
      <span className={styles.which}>
        {named.join(', ')}
        {traffic.length > MAX_NAMED && ' …'}
      </span>
    </p>
  )
}

function sumsOf(traffic: readonly PairTraffic[]): (readonly [PairTraffic['traffic'], number])[] {
  const sums = new Map<PairTraffic['traffic'], number>()
  for (const each of traffic) sums.set(each.traffic, (sums.get(each.traffic) ?? 0) + each.bytes)
  return [...sums]
}

/** Positions of the cards within the area, by rank; updated when the area is resized. */
function useBoxes(area: RefObject<HTMLElement | null>): ReadonlyMap<number, Box> {
  const [boxes, setBoxes] = useState<ReadonlyMap<number, Box>>(new Map())
  useEffect(() => {
    const element = area.current
    if (element === null) return
    const measureBoxes = () => {
      const origin = element.getBoundingClientRect()
      const found = [...element.querySelectorAll<HTMLElement>('[data-rank]')].map((card) => {
        const { left, right, top, bottom } = card.getBoundingClientRect()
        const box = {
          left: left - origin.left,
          right: right - origin.left,
          top: top - origin.top,
          bottom: bottom - origin.top,
        }
        return [Number(card.dataset.rank), box] as const
      })
      setBoxes(new Map(found))
    }
    const observer = new ResizeObserver(measureBoxes)
    observer.observe(element)
    for (const card of element.querySelectorAll('[data-rank]')) observer.observe(card)
    measureBoxes()
    return () => observer.disconnect()
  }, [area])
  return boxes
}
