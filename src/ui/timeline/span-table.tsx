import type { TimelineSpan } from '../../state/session.ts'
import { formatBytes } from '../format.ts'
import { useText } from '../text/use-text.ts'
import styles from './timeline.module.css'

const SHOWN = 200

/** The timeline as text: always for screen readers, otherwise on request. */
export function SpanTable(props: {
  spans: readonly TimelineSpan[]
  timeName: (t: number) => string
  caption: string
  onSpan?: (span: TimelineSpan) => void
}) {
  const { spans, timeName, caption, onSpan } = props
  const text = useText()
  const rows = [...spans].sort((a, b) => a.row - b.row || a.start - b.start).slice(0, SHOWN)
  return (
    <table className={styles.table}>
      <caption>
        {caption}
        {spans.length > SHOWN ? ` ${text.firstRows(SHOWN, spans.length)}` : ''}
      </caption>
      <thead>
        <tr>
          {[
            text.columns.rank,
            text.columns.op,
            text.columns.kind,
            text.columns.start,
            text.columns.duration,
            text.columns.bytes,
          ].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((span, at) => (
          <tr key={at}>
            <td>{span.row}</td>
            <td>
              {onSpan ? (
                <button type="button" className={styles.ask} title={text.explain} onClick={() => onSpan(span)}>
                  {span.label}
                </button>
              ) : (
                span.label
              )}
            </td>
            <td>{text.spans[span.kind]}</td>
            <td>{timeName(span.start)}</td>
            <td>{timeName(span.end - span.start)}</td>
            <td>{span.bytes === null ? '' : formatBytes(span.bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
