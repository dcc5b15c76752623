import { useId, useState } from 'react'
import { faultOf } from '../../core/errors.ts'
import { usePage, useSlice } from '../page-context.ts'
import button from '../theme/button.module.css'
import { SIMULATE_TEXT } from '../simulate/text.ts'
import { useLayoutWords } from '../text/layout-words.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import { useShownCluster } from '../use-shown-cluster.ts'
import { Checkpoints } from '../checkpoint/checkpoints.tsx'
import { compareFiles } from './compare-files.ts'
import { saveFile } from './files.ts'
import type { FileEntry, FileRow } from './files.ts'
import { runFiles } from './run-files.ts'
import { simulationFiles } from './simulation-files.ts'
import styles from './take-away.module.css'
import { TAKE_AWAY_TEXT } from './text.ts'

/** Files of the current place, each generated on request; an unavailable one says why. */
export default function TakeAwayList() {
  const page = usePage()
  const text = useText()
  const faultLine = useFaultLine()
  const language = useSlice(page.settings, (settings) => settings.language)
  const own = TAKE_AWAY_TEXT[language]
  const words = useLayoutWords()
  const texts = { text, own, words, simulate: SIMULATE_TEXT[language] }
  const place = useSlice(page.view, (state) => state.place)
  const shown = useShownCluster()
  useSlice(page.run, (state) => state)
  useSlice(page.simulation, (state) => state)
  useSlice(page.compare, (state) => state)
  const [status, setStatus] = useState<string | null>(null)
  const groups = {
    run: () => runFiles(page, shown, text, own),
    simulate: () => simulationFiles(page, texts),
    compare: () => compareFiles(page, texts),
  }[place]()
  const take = async (entry: FileEntry) => {
    setStatus(own.making(entry.name))
    try {
      await saveFile(entry)
      setStatus(own.saved(entry.name))
    } catch (error) {
      setStatus(own.failed(faultLine(faultOf(error))))
    }
  }
  return (
    <>
      {groups.map(({ title, rows }) => (
        <div key={title} role="group" className={styles.group} aria-label={title}>
          <h2>{title}</h2>
          <ul>
            {rows.map((row) => (
              <Row key={row.id} row={row} onTake={(entry) => void take(entry)} />
            ))}
          </ul>
        </div>
      ))}
      {place === 'run' && <Checkpoints />}
      <p className={styles.status} role="status" data-testid="take-away-status">
        {status ?? (place === 'run' ? own.idle : '')}
      </p>
    </>
  )
}

function Row({
  row: { title, reason, entries },
  onTake,
}: {
  readonly row: FileRow
  readonly onTake: (entry: FileEntry) => void
}) {
  const own = TAKE_AWAY_TEXT[useSlice(usePage().settings, (settings) => settings.language)]
  const why = useId()
  return (
    <li className={styles.row}>
      <span>
        {title}
        {reason !== null && (
          <small id={why} className={styles.reason}>
            {reason}
          </small>
        )}
      </span>
      <span className={styles.formats}>
        {entries.map((entry) => (
          <button
            key={entry.format}
            type="button"
            className={button.button}
            aria-label={own.entry(title, own.formats[entry.format])}
            aria-disabled={reason !== null}
            {...(reason === null ? { title: entry.name } : { 'aria-describedby': why })}
            onClick={() => reason === null && onTake(entry)}
          >
            {own.formats[entry.format]}
          </button>
        ))}
      </span>
    </li>
  )
}
