import { Area, AreaChart, CartesianGrid, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from 'recharts'
import type { SimulatedGoodput, TimeShares } from '../../sim/goodput.ts'
import { formatBytes, formatCount, formatPercent, formatSeconds, formatWhole } from '../format.ts'
import styles from './simulate.module.css'
import type { SimulateText } from './text-en.ts'

const HEIGHT = 220

const SHARES = ['goodput', 'writing', 'lost', 'restarting'] as const satisfies readonly (keyof TimeShares)[]

/** Hatchings, so that colour is not all that tells the shares apart; those of the legend are in the style sheet. */
function SharePatterns() {
  const looks = {
    goodput: ['var(--op-backward)', null],
    writing: ['var(--op-backwardInput)', 45],
    lost: ['var(--op-backwardWeight)', 90],
    restarting: ['var(--idle)', null],
  } as const
  return (
    <defs>
      {SHARES.map((share) => {
        const [fill, angle] = looks[share]
        const turned = angle === null ? {} : { patternTransform: `rotate(${angle})` }
        return (
          <pattern key={share} id={`share-${share}`} width={4} height={4} patternUnits="userSpaceOnUse" {...turned}>
            <rect width={4} height={4} fill={fill} />
            {angle !== null && <rect width={4} height={1} fill="var(--op-stripe)" />}
          </pattern>
        )
      })}
    </defs>
  )
}

/** What failures leave of the speed: over the time between two checkpoints, and over the size of the cluster. */
export default function Goodput({
  goodput,
  text,
}: {
  readonly goodput: SimulatedGoodput
  readonly text: SimulateText
}) {
  const { best, curve, scale, youngSeconds, dalySeconds } = goodput
  const words = text.failures
  const ticks = [curve[0]!, curve[Math.floor(curve.length / 2)]!, curve.at(-1)!].map((each) => each.everySeconds)
  // Daly's interval is the shorter of the two.
  const mark = (x: number, value: string, textAnchor: 'start' | 'end') => (
    <ReferenceLine
      x={x}
      stroke="var(--ink)"
      strokeDasharray="4 3"
      label={{
        value,
        position: 'top',
        textAnchor,
        dx: textAnchor === 'end' ? -4 : 4,
        fill: 'var(--ink)',
        fontSize: 11,
      }}
    />
  )
  return (
    <section aria-label={words.title}>
      <h3>{words.title}</h3>
      <p>
        {words.about({
          hours: formatSeconds(goodput.hoursBetweenFailures * 3600),
          devices: formatWhole(goodput.devices),
          bytes: formatBytes(goodput.checkpointBytes),
          write: formatSeconds(goodput.writeSeconds),
        })}
      </p>
      <p>
        <strong className="virtual">{formatPercent(best.goodput)}</strong>{' '}
        {words.best(formatSeconds(best.everySeconds), formatWhole(best.everySteps), formatCount(best.tokensPerSecond))}
      </p>
      <div className={styles.pair}>
        <figure className={styles.plot}>
          <ResponsiveContainer width="100%" height={HEIGHT}>
            <AreaChart
              data={[...curve]}
              margin={{ top: 20, right: 16, bottom: 20, left: 8 }}
              accessibilityLayer={false}
              role="img"
              aria-label={words.chart(formatSeconds(dalySeconds), formatPercent(best.goodput))}
            >
              <SharePatterns />
              <CartesianGrid stroke="var(--hairline)" />
              <XAxis
                type="number"
                scale="log"
                dataKey="everySeconds"
                domain={['dataMin', 'dataMax']}
                ticks={ticks}
                tickFormatter={formatSeconds}
                stroke="var(--ink-3)"
                fontSize={11}
                label={{
                  value: words.every,
                  position: 'insideBottom',
                  offset: -12,
                  fill: 'var(--ink-2)',
                  fontSize: 11,
                }}
              />
              <YAxis
                type="number"
                domain={[0, 1]}
                ticks={[0, 0.25, 0.5, 0.75, 1]}
                tickFormatter={formatPercent}
                stroke="var(--ink-3)"
                fontSize={11}
                width={48}
              />
              {SHARES.map((share) => (
                <Area
                  key={share}
                  dataKey={share}
                  name={words[share]}
                  stackId="time"
                  stroke="none"
                  fill={`url(#share-${share})`}
                  fillOpacity={1}
                  isAnimationActive={false}
                  activeDot={false}
                />
              ))}
              {mark(youngSeconds, words.young, 'start')}
              {mark(dalySeconds, words.daly, 'end')}
            </AreaChart>
          </ResponsiveContainer>
          <figcaption className={styles.legend}>
            {SHARES.map((share) => (
              <span key={share}>
                <i data-share={share} /> {words[share]}
              </span>
            ))}
          </figcaption>
        </figure>
        <div className={styles.scroll} tabIndex={0} role="region" aria-label={words.scale}>
          <table className={styles.table}>
            <caption>{words.scale}</caption>
            <thead>
              <tr>
                <th scope="col">{text.devices}</th>
                <th scope="col">{words.interval}</th>
                <th scope="col">{words.goodput}</th>
                <th scope="col">{text.tokens}</th>
              </tr>
            </thead>
            <tbody>
              {scale.map((each) => (
                <tr key={each.devices}>
                  <th scope="row">{formatWhole(each.devices)}</th>
                  <td>
                    <span className="virtual">{formatSeconds(each.everySeconds)}</span>
                  </td>
                  <td>
                    <span className="virtual">{formatPercent(each.goodput)}</span>
                  </td>
                  <td>
                    <span className="virtual">{formatCount(each.tokensPerSecond)}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </section>
  )
}
