import { useEffect, useMemo, useRef } from 'react'
import { createCheckpointStore } from '../../state/checkpoint-store.ts'
import { isActive } from '../../state/run-state.ts'
import { formatBytes } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { saveFile } from '../take-away/files.ts'
import button from '../theme/button.module.css'
import menu from '../take-away/take-away.module.css'
import styles from './checkpoints.module.css'
import { CHECKPOINT_TEXT } from './text.ts'

/** Checkpoints in the browser: save the run, resume, download or delete one, open a file. */
export function Checkpoints() {
  const page = usePage()
  const language = useSlice(page.settings, (settings) => settings.language)
  const text = CHECKPOINT_TEXT[language]
  const faultLine = useFaultLine()
  const store = useMemo(() => createCheckpointStore(page), [page])
  const { saved, busy, outcome } = useSlice(store, (state) => state)
  const running = useSlice(page.run, ({ phase, step }) => isActive(phase) && step !== null)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => void store.refresh(), [store])
  const why = running ? undefined : text.noRun
  return (
    <div role="group" className={menu.group} aria-label={text.title}>
      <h2>{text.title}</h2>
      <p className={styles.about}>{text.about}</p>
      <p className={styles.actions}>
        <button
          type="button"
          className={button.button}
          aria-disabled={!running || busy}
          title={why}
          onClick={() => running && void store.save()}
        >
          {text.save}
        </button>
        <button type="button" className={button.button} aria-disabled={busy} onClick={() => input.current?.click()}>
          {text.open}
        </button>
        <input
          ref={input}
          type="file"
          accept=".safetensors"
          hidden
          aria-label={text.open}
          onChange={(event) => {
            const [file] = event.target.files ?? []
            if (file) void store.open(file)
            event.target.value = ''
          }}
        />
      </p>
      {saved?.length === 0 && <p className={styles.about}>{text.none}</p>}
      <ul>
        {(saved ?? []).map(({ name, step, bytes, saved: at }) => (
          <li key={name} className={menu.row}>
            <span>
              {name}
              <small className={menu.reason}>
                {text.step(String(step))} · {formatBytes(bytes)} ·{' '}
                {new Date(at).toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB')}
              </small>
            </span>
            <span className={menu.formats}>
              <button
                type="button"
                className={button.button}
                aria-label={text.resumeOf(name)}
                onClick={() => void store.resume(name)}
              >
                {text.resume}
              </button>
              <button
                type="button"
                className={button.button}
                aria-label={text.downloadOf(name)}
                onClick={() =>
                  void saveFile({
                    format: 'safetensors',
                    name: `tabcluster-${name.replaceAll(' · ', '-step-')}.safetensors`,
                    make: () => store.file(name),
                  })
                }
              >
                {text.download}
              </button>
              <button
                type="button"
                className={button.button}
                aria-label={text.removeOf(name)}
                onClick={() => void store.remove(name)}
              >
                {text.remove}
              </button>
            </span>
          </li>
        ))}
      </ul>
      <p className={styles.about} role="status" data-testid="checkpoint-status">
        {busy
          ? text.busy
          : outcome === null
            ? (why ?? '')
            : 'fault' in outcome
              ? text.outcome[outcome.kind](faultLine(outcome.fault))
              : text.outcome[outcome.kind](outcome.name)}
      </p>
    </div>
  )
}
