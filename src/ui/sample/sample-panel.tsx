import { useState } from 'react'
import { faultOf } from '../../core/errors.ts'
import type { Fault } from '../../core/fault.ts'
import { PROMPTS } from '../../data/corpora/prompts.ts'
import { isActive } from '../../state/run-state.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultLine } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import panel from '../theme/panel.module.css'
import { Inference } from './inference.tsx'
import styles from './sample.module.css'

/** Samples text from the current weights. */
export function SamplePanel() {
  const page = usePage()
  const text = useText()
  const faultLine = useFaultLine()
  const drafted = useSlice(page.draft, (state) => state.config)
  // The text comes from the running weights, whatever the draft is.
  const { corpus } = useSlice(page.run, (state) => state.config ?? drafted).data
  const phase = useSlice(page.run, (state) => state.phase)
  const stepped = useSlice(page.run, (state) => state.step !== null)
  const [own, setPrompt] = useState<string | null>(null)
  const [temperature, setTemperature] = useState('0.7')
  const [topK, setTopK] = useState('0')
  const [sample, setSample] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Fault | null>(null)
  const prompt = own ?? (corpus === null ? '' : PROMPTS[corpus])
  const ready = (isActive(phase) || phase === 'done') && stepped && !busy && prompt !== ''
  const generate = async () => {
    const handle = page.run.handle()
    if (!handle) return
    setBusy(true)
    setError(null)
    setSample('')
    try {
      const request = {
        prompt,
        tokens: 40,
        temperature: Number(temperature) || 0,
        topK: Math.round(Number(topK)) || 0,
        seed: Date.now() % 2 ** 31,
      }
      setSample(await handle.generate(request, setSample))
    } catch (reason) {
      setError(faultOf(reason))
    }
    setBusy(false)
  }
  return (
    <section className={panel.panel} aria-label={text.sample}>
      <div className={panel.head}>
        <h2 className={panel.title}>{text.sample}</h2>
        <span className={panel.spacer} />
        <label>
          {text.temperature}{' '}
          <input
            className={styles.small}
            type="number"
            min="0"
            max="5"
            step="0.1"
            value={temperature}
            onChange={(event) => setTemperature(event.target.value)}
          />
        </label>
        <label>
          {text.topK}{' '}
          <input
            className={styles.small}
            type="number"
            min="0"
            max="500"
            step="1"
            value={topK}
            onChange={(event) => setTopK(event.target.value)}
          />
        </label>
      </div>
      <div className={styles.prompt}>
        <input aria-label={text.prompt} value={prompt} onChange={(event) => setPrompt(event.target.value)} />
        <button
          type="button"
          className={button.button}
          onClick={() => void generate()}
          disabled={!ready}
          title={ready ? '' : text.sampleEmpty}
        >
          {busy ? text.generating : text.generate}
        </button>
      </div>
      <Inference />
      <div className={`${panel.body} ${styles.text}`} role="status" data-testid="sample">
        {error !== null ? (
          text.sampleFailed(faultLine(error))
        ) : sample === null ? (
          text.sampleEmpty
        ) : (
          <>
            <span className={styles.given}>{prompt}</span>
            {sample}
          </>
        )}
      </div>
    </section>
  )
}
