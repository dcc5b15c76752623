import { useRef, useState } from 'react'
import type { RunConfig } from '../../config/types.ts'
import { MODEL_PRESET_NAMES } from '../../model/presets.ts'
import { readPath } from '../../state/draft-path.ts'
import type { FieldPath } from '../../state/fields.ts'
import { SECTION_FIELDS } from '../../state/fields.ts'
import { STRATEGIES, strategyOf, withStrategy } from '../../state/strategies.ts'
import { Field } from '../controls/field.tsx'
import controls from '../controls/controls.module.css'
import { formatBytes } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { ParityPanel } from '../parity/parity-panel.tsx'
import type { Text } from '../text/text.ts'
import { useText } from '../text/use-text.ts'
import { concerns, useProblems } from '../use-problems.ts'
import { CompareUncompressed } from './compare-uncompressed.tsx'
import { Fits } from './fits.tsx'
import { Pending } from './pending.tsx'
import { StrategyPicture } from './pictures.tsx'
import { Section } from './section.tsx'
import { Splits } from './splits.tsx'
import styles from './strategy.module.css'
import { useProblemText } from '../text/problem-text.ts'

/** Models that a browser tab trains; larger ones are for simulation. */
const TRAINABLE = MODEL_PRESET_NAMES.filter((name) => /^(nano|micro|mini|nano-llama|gpt2)$/.test(name))

function ModelPreset() {
  const page = usePage()
  const text = useText()
  const preset = useSlice(page.draft, (state) => state.config.model.preset)
  const choose = (name: string) => {
    const { draft } = page.draft.getState()
    page.draft.replace({ ...draft, model: { preset: name } })
  }
  return (
    <div className={controls.field}>
      <label htmlFor="model-preset">{text.preset}</label>
      <select id="model-preset" value={preset ?? ''} onChange={(event) => choose(event.target.value)}>
        {preset === null && <option value="">{text.ownShape}</option>}
        {TRAINABLE.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <span />
    </div>
  )
}

function OwnText() {
  const page = usePage()
  const text = useText()
  const input = useRef<HTMLInputElement>(null)
  const [name, setName] = useState<string | null>(null)
  const take = async (file: File | undefined) => {
    if (!file) return
    page.sources.current = { ...page.sources.current, text: await file.text() }
    setName(file.name)
    const { draft } = page.draft.getState()
    page.draft.replace({ ...draft, data: { text: file.name } })
  }
  return (
    <div className={controls.field}>
      <label htmlFor="own-text">{text.ownText}</label>
      <button type="button" onClick={() => input.current?.click()}>
        {name ?? text.chooseFile}
      </button>
      <span />
      <input
        ref={input}
        id="own-text"
        type="file"
        accept="text/*,.txt,.md"
        hidden
        onChange={(event) => void take(event.target.files?.[0])}
      />
    </div>
  )
}

/** Weights to start from: a safetensors file, or a URL that the user gives (nothing else leaves the origin). */
function Weights() {
  const page = usePage()
  const text = useText()
  const input = useRef<HTMLInputElement>(null)
  const [name, setName] = useState<string | null>(null)
  const [url, setUrl] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const use = (weights: Blob | undefined, shown: string | null) => {
    const { weights: _, ...rest } = page.sources.current
    page.sources.current = weights ? { ...rest, weights } : rest
    setName(shown)
    setProblem(null)
  }
  const download = async () => {
    setProblem(null)
    try {
      const response = await fetch(url)
      if (!response.ok || !response.body) throw new Error(`${response.status} ${response.statusText}`)
      const total = Number(response.headers.get('content-length')) || null
      const parts: Uint8Array<ArrayBuffer>[] = []
      let bytes = 0
      for (const reader = response.body.getReader(); ;) {
        const { done, value } = await reader.read()
        if (done) break
        parts.push(value)
        bytes += value.length
        setName(total === null ? formatBytes(bytes) : `${formatBytes(bytes)} / ${formatBytes(total)}`)
      }
      use(new Blob(parts), url.split('/').at(-1) ?? url)
    } catch (error) {
      setName(null)
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <>
      <div className={controls.field}>
        <label htmlFor="weights">{text.weights}</label>
        <button type="button" onClick={() => input.current?.click()}>
          {name ?? text.drawn}
        </button>
        {name === null ? (
          <span />
        ) : (
          <button
            type="button"
            className={controls.reset}
            aria-label={`${text.reset}: ${text.weights}`}
            onClick={() => use(undefined, null)}
          >
            ↺
          </button>
        )}
        <input
          ref={input}
          id="weights"
          type="file"
          accept=".safetensors"
          hidden
          onChange={(event) => use(event.target.files?.[0], event.target.files?.[0]?.name ?? null)}
        />
      </div>
      <div className={controls.field}>
        <input
          aria-label={text.weightsUrl}
          placeholder={text.weightsUrl}
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <button type="button" disabled={!/^https?:\/\//.test(url)} onClick={() => void download()}>
          {text.download}
        </button>
        <span />
        {problem !== null && (
          <p className={controls.problem} role="alert">
            {problem}
          </p>
        )}
      </div>
    </>
  )
}

/** A field as the panel calls it where it has a control, else its path. */
function nameOf(text: Text, field: string): string {
  return Object.entries(text.fields).find(([path]) => path === field)?.[1] ?? field
}

/** Key and value heads are the query heads in family gpt2. */
function hasMeaning(path: FieldPath, { model }: RunConfig): boolean {
  return path !== 'model.kvHeads' || model.family === 'llama'
}

/** Strategy first, with its own parameters only; model, data, batch and optimizer folded to one line each. */
export function StrategyPanel() {
  const page = usePage()
  const say = useProblemText()
  const text = useText()
  const { config, draft } = useSlice(page.draft, (state) => state)
  const problems = useProblems()
  const current = strategyOf(config)
  const title = useRef<HTMLHeadingElement>(null)
  // What was clicked goes away with what it mends.
  const focusTitle = () => title.current?.focus()
  const choose = (id: string) => {
    const strategy = STRATEGIES.find((each) => each.id === id)
    if (!strategy) return
    page.draft.replace(withStrategy(draft, config, strategy))
  }
  const own = current.fields(config)
  const sections = Object.entries(SECTION_FIELDS).map(([name, fields]) => ({
    name: name as keyof typeof SECTION_FIELDS,
    fields: (fields as readonly FieldPath[]).filter((path) => !own.includes(path) && hasMeaning(path, config)),
  }))
  const summary: Record<keyof typeof SECTION_FIELDS, string> = {
    model: config.model.preset ?? `${config.model.layers} × ${config.model.embed}`,
    data: config.data.corpus === null ? (config.data.text ?? '') : (text.options[config.data.corpus] ?? ''),
    batch: `${config.batch.global} × ${config.batch.sequence}`,
    optimizer: `${text.options[config.optimizer.kind] ?? ''} ${config.optimizer.learningRate}`,
    cluster: config.cluster.memoryBytes === null ? text.noBudget : text.budget(formatBytes(config.cluster.memoryBytes)),
  }
  // The partition's control says what is wrong with it.
  const shares = Array.isArray(readPath(draft, 'batch.shares')) ? ['batch.shares'] : []
  const shownFields = [...own, ...shares, ...sections.flatMap((section) => section.fields)]
  const elsewhere = problems.filter((problem) => !shownFields.some((path) => concerns(problem, path)))
  return (
    <aside className={styles.panel} aria-label={text.strategy}>
      <h2 ref={title} className={styles.title} tabIndex={-1}>
        {text.strategy}
      </h2>
      <div className={styles.cards} data-tour="strategy" role="group" aria-label={text.strategy}>
        {STRATEGIES.map(({ id }) => (
          <button key={id} type="button" aria-pressed={id === current.id} onClick={() => choose(id)}>
            <StrategyPicture id={id} />
            <span>{text.strategies[id].name}</span>
          </button>
        ))}
      </div>
      <Fits onTaken={focusTitle} />
      <Pending onTaken={focusTitle} />
      <p className={styles.about}>{text.strategies[current.id].about}</p>
      <div role="group" aria-label={text.parameters(text.strategies[current.id].name)}>
        {own.map((path) => (
          <Field key={path} path={path} />
        ))}
        <Splits />
      </div>
      <CompareUncompressed />
      {elsewhere.map((problem) => (
        <p key={`${problem.field} ${problem.message}`} className={styles.problem} role="alert">
          {problem.field === '' ? say(problem) : `${nameOf(text, problem.field)}: ${say(problem)}`}
        </p>
      ))}
      {sections.map(({ name, fields }) => (
        <Section
          key={name}
          title={text.sections[name]}
          summary={summary[name]}
          hasProblem={problems.some((problem) => fields.some((path) => concerns(problem, path)))}
        >
          {name === 'model' && <ModelPreset />}
          {name === 'model' && <Weights />}
          {fields.map((path) => (
            <Field key={path} path={path} />
          ))}
          {name === 'data' && <OwnText />}
        </Section>
      ))}
      <ParityPanel />
    </aside>
  )
}
