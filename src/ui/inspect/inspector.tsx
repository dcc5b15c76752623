import { useEffect, useRef } from 'react'
import type { ExecutedSpan } from '../../schedule/executed-span.ts'
import { inspectTarget } from '../../state/actions.ts'
import type { Formula, SymbolName } from '../../state/inspect/formula.ts'
import { symbolsOf, textOf } from '../../core/expression.ts'
import type { Inspected, OptimizerRule, PartList, Target } from '../../state/inspect/inspected.ts'
import type { RankView } from '../../state/run-state.ts'
import { formatBytes, formatCount, formatSeconds, significant } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import type { Text } from '../text/text.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import { useShownCluster } from '../use-shown-cluster.ts'
import styles from './inspector.module.css'
import { INSPECT_TEXT } from './text.ts'
import type { InspectText } from './text.ts'

/** Most lines of a list shown at once. */
const MAX_PARTS = 60

/** The last clicked device, op, bucket or tensor: its description, size, and evaluated formula. */
export default function Inspector() {
  const page = usePage()
  const text = INSPECT_TEXT[useSlice(page.settings, (state) => state.language)]
  const trail = useSlice(page.view, (state) => state.inspected)
  const { plan, ranks } = useShownCluster()
  const heading = useRef<HTMLHeadingElement>(null)
  const close = () => page.view.setState({ inspected: [] })
  const target = trail.at(-1)
  useEffect(() => {
    const opener = document.activeElement
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    }
  }, [])
  useEffect(() => {
    // The followed link is gone with its list: the heading takes the focus. A timeline keeps its arrow keys.
    if (!(document.activeElement instanceof HTMLCanvasElement)) heading.current?.focus()
  }, [target])
  if (!target) return null
  const found = plan?.inspect(target) ?? null
  return (
    <section
      className={styles.inspector}
      aria-label={text.title}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        close()
      }}
    >
      <div className={styles.head}>
        {trail.length > 1 && (
          <button
            type="button"
            className={button.button}
            onClick={() => page.view.setState({ inspected: trail.slice(0, -1) })}
          >
            ← {text.back}
          </button>
        )}
        <h2 ref={heading} tabIndex={-1}>
          {text.title}
        </h2>
        <button type="button" className={button.square} aria-label={text.close} title={text.close} onClick={close}>
          ×
        </button>
      </div>
      {found === null ? (
        <p>{text.gone}</p>
      ) : (
        <Explanation
          found={found}
          view={ranks[found.rank] ?? null}
          seconds={target.kind === 'op' && ranks.length > 0 ? latestSeconds(page.run.spans(), target) : null}
          onChoose={(next) => inspectTarget(page, next, trail)}
          text={text}
        />
      )}
    </section>
  )
}

interface Shown {
  readonly found: Inspected
  readonly view: RankView | null
  /** Measurements of an op in the latest step it occurred in. */
  readonly seconds: number | null
  readonly onChoose: (target: Target) => void
  readonly text: InspectText
}

function latestSeconds(spans: readonly ExecutedSpan[], { rank, op }: Extract<Target, { kind: 'op' }>): number | null {
  const span = spans.findLast((each) => each.rank === rank && each.op === op)
  return span ? span.end - span.start : null
}

function Explanation({ found, view, seconds, onChoose, text }: Shown) {
  const page = useText()
  const rule = found.kind === 'op' ? found.optimizer : null
  return (
    <>
      <h3 className={found.kind === 'op' || found.kind === 'tensor' ? styles.code : undefined}>
        {titleOf(found, page)}
      </h3>
      <p>{aboutOf(found, page, text)}</p>
      <dl className={styles.facts}>
        {factsOf(found, view, seconds, page, text).map(({ name, value, provenance }) => (
          <div key={`${name} ${provenance ?? ''}`}>
            <dt>
              {name} {provenance && <small>{text.provenance[provenance]}</small>}
            </dt>
            <dd className={provenance}>{value}</dd>
          </div>
        ))}
      </dl>
      {found.formulas.map((formula) => (
        <FormulaBox
          key={formula.of}
          formula={formula}
          counted={found.kind === 'op' && formula.of === 'sent' ? (found.moved?.sent ?? null) : null}
          text={text}
        />
      ))}
      {rule !== null && <Rule rule={rule} text={text} />}
      {found.lists.map((list) => (
        <Parts key={list.of} list={list} open={found.kind !== 'device'} onChoose={onChoose} text={text} />
      ))}
    </>
  )
}

function titleOf(found: Inspected, page: Text): string {
  if (found.kind === 'device') return page.rank(found.rank)
  if (found.kind === 'action') return `${page.spans[found.pass]} · ${page.rank(found.rank)}`
  return found.name
}

function aboutOf(found: Inspected, page: Text, text: InspectText): string {
  switch (found.kind) {
    case 'device':
      return (found.isCpu ? text.cpu : text.device)(formatBytes(found.peakBytes))
    case 'action':
      return text.action(page.spans[found.pass], String(found.microbatch), String(found.stage))
    case 'op':
      return text.does[found.does]
    case 'tensor':
      return text.roles[found.role]
  }
}

interface Fact {
  readonly name: string
  readonly value: string
  readonly provenance?: 'measured' | 'predicted'
}

const flops = (count: number) => `${formatCount(count)}FLOP`

function factsOf(
  found: Inspected,
  view: RankView | null,
  seconds: number | null,
  page: Text,
  { facts }: InspectText,
): Fact[] {
  const when = (name: string, value: string | number | null): Fact[] =>
    value === null ? [] : [{ name, value: String(value) }]
  switch (found.kind) {
    case 'device':
      return [
        { name: facts.peak, value: formatBytes(found.peakBytes), provenance: 'predicted' },
        ...(found.freeBytes > 0
          ? [{ name: facts.free, value: formatBytes(found.freeBytes), provenance: 'predicted' } as const]
          : []),
        ...(view?.peak
          ? [{ name: facts.peak, value: formatBytes(view.peak.total), provenance: 'measured' } as const]
          : []),
        { name: `${facts.sent} ${facts.perStep}`, value: formatBytes(found.sentBytes), provenance: 'predicted' },
        ...(view?.sentBytes != null
          ? [
              {
                name: `${facts.sent} ${facts.perStep}`,
                value: formatBytes(view.sentBytes),
                provenance: 'measured',
              } as const,
            ]
          : []),
        { name: `${facts.work} ${facts.perStep}`, value: flops(found.flop), provenance: 'predicted' },
      ]
    case 'action':
      return [{ name: facts.work, value: flops(found.flop), provenance: 'predicted' }]
    case 'op':
      return [
        { name: facts.rank, value: String(found.rank) },
        { name: facts.kind, value: page.spans[found.pass] },
        ...when(facts.stage, found.stage),
        ...when(facts.microbatch, found.microbatch),
        { name: facts.stream, value: found.stream },
        ...(seconds === null
          ? []
          : [{ name: facts.took, value: formatSeconds(seconds), provenance: 'measured' } as const]),
        ...(found.group.length > 0 ? [{ name: facts.group, value: found.group.join(', ') }] : []),
        ...(found.moved
          ? [
              { name: facts.sent, value: formatBytes(found.moved.sent), provenance: 'predicted' } as const,
              { name: facts.received, value: formatBytes(found.moved.received), provenance: 'predicted' } as const,
            ]
          : []),
      ]
    case 'tensor':
      return [
        { name: facts.rank, value: String(found.rank) },
        ...(found.shape ? [{ name: facts.shape, value: found.shape.join(' × ') }] : []),
        { name: facts.elements, value: found.elements.toLocaleString('en').replaceAll(',', ' ') },
        { name: facts.onDevice, value: formatBytes(found.bytes), provenance: 'predicted' },
        { name: facts.life, value: found.persistent ? facts.forever : facts.while },
      ]
  }
}

/** Bytes in a formula: exact, with digit grouping. */
const digits = (value: number) =>
  Number.isInteger(value) ? value.toLocaleString('en').replaceAll(',', ' ') : significant(value)

function FormulaBox({
  formula: { of, expression, values, value },
  counted,
  text,
}: {
  readonly formula: Formula
  readonly counted: number | null
  readonly text: InspectText
}) {
  const result = of === 'flop' ? flops(value) : formatBytes(value)
  return (
    <div className={styles.formula}>
      <h4>{text.formulas[of]}</h4>
      <p>
        <code>{textOf(expression, (symbol) => symbol)}</code>
      </p>
      <p data-testid="formula-numbers">
        <code>
          = {textOf(expression, (symbol: SymbolName) => digits(values[symbol] ?? NaN))} = {digits(value)}
        </code>{' '}
        <strong className="predicted">{result}</strong>
      </p>
      {counted !== null && counted !== value && <p>{text.counted(formatBytes(counted))}</p>}
      <dl className={styles.symbols}>
        {symbolsOf(expression).map((symbol) => (
          <div key={symbol}>
            <dt>
              <code>
                {symbol} = {digits(values[symbol] ?? NaN)}
              </code>
            </dt>
            <dd>{text.symbols[symbol]}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

function Rule({ rule: { rule, numbers }, text }: { readonly rule: OptimizerRule; readonly text: InspectText }) {
  return (
    <div className={styles.formula}>
      <h4>{text.rule}</h4>
      {rule.split(',  ').map((line) => (
        <p key={line}>
          <code>{line}</code>
        </p>
      ))}
      <p>
        <code>{numbers.map(([name, value]) => `${name} = ${value}`).join(', ')}</code>
      </p>
    </div>
  )
}

function Parts({
  list: { of, parts, bytes },
  open,
  onChoose,
  text,
}: {
  readonly list: PartList
  readonly open: boolean
  readonly onChoose: (target: Target) => void
  readonly text: InspectText
}) {
  return (
    <details className={styles.parts} open={open}>
      <summary>
        {text.lists[of]} <span>{parts.length}</span>
        {bytes !== null && <strong className="predicted">{formatBytes(bytes)}</strong>}
      </summary>
      <ul>
        {parts.slice(0, MAX_PARTS).map(({ target, name, bytes: size }, i) => (
          <li key={i}>
            <button type="button" onClick={() => onChoose(target)} title={name}>
              {name}
            </button>
            {size !== null && <span>{formatBytes(size)}</span>}
          </li>
        ))}
        {parts.length > MAX_PARTS && <li>{text.more(formatCount(parts.length - MAX_PARTS))}</li>}
      </ul>
    </details>
  )
}
