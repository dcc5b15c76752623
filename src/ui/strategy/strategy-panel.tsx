import { useRef } from 'react'
import type { RunConfig } from '../../config/types.ts'
import { lineOf } from '../../core/fault.ts'
import { MODEL_PRESET_NAMES } from '../../model/presets.ts'
import { readPath } from '../../state/draft-path.ts'
import type { FieldPath } from '../../state/fields.ts'
import { SECTION_FIELDS } from '../../state/fields.ts'
import { STRATEGIES, strategyOf, withStrategy } from '../../state/strategies.ts'
import { ConfigField } from '../controls/config-field.tsx'
import controls from '../controls/controls.module.css'
import { formatBytes } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { ParityPanel } from '../parity/parity-panel.tsx'
import type { Text } from '../text/text.ts'
import { useText } from '../text/use-text.ts'
import { isAbout, useProblems } from '../use-problems.ts'
import { CompareUncompressed } from './compare-uncompressed.tsx'
import { Fits } from './fits.tsx'
import { OwnText } from './own-text.tsx'
import { PendingChange } from './pending-change.tsx'
import { Planning } from './planning.tsx'
import { StrategyPicture } from './pictures.tsx'
import { PanelSection } from './panel-section.tsx'
import { Splits } from './splits.tsx'
import styles from './strategy.module.css'
import { Weights } from './weights.tsx'
import { useFaultText } from '../text/fault-text.ts'

/** Models that train in a browser tab; larger ones are for simulation. */
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

/** Controls for what is not a configuration field, such as files, by their section. */
const FILES = { model: ['weights'], data: ['data.text', 'data.documents'] } as const
const FILE_FIELDS = Object.values(FILES).flat()

const filesOf = (section: string): readonly string[] =>
  section === 'model' || section === 'data' ? FILES[section] : []

/** The panel's name of a field that has a control, else its path. */
function nameOf(text: Text, field: string): string {
  return Object.entries(text.fields).find(([path]) => path === field)?.[1] ?? field
}

/** In family gpt2 key and value heads equal the query heads. */
function hasMeaning(path: FieldPath, { model }: RunConfig): boolean {
  return path !== 'model.kvHeads' || model.family === 'llama'
}

/** Strategy first, with its own parameters only; model, data, batch and optimizer collapsed to one line each. */
export function StrategyPanel() {
  const page = usePage()
  const faultText = useFaultText()
  const text = useText()
  const { config, draft } = useSlice(page.draft, (state) => state)
  const problems = useProblems()
  const weights = useSlice(page.files, (state) => state.weights)
  const current = strategyOf(config)
  const title = useRef<HTMLHeadingElement>(null)
  // The clicked control disappears with the problem it fixes.
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
    model: `${config.model.preset ?? `${config.model.layers} × ${config.model.embed}`}${weights ? ` · ${weights.name}` : ''}`,
    data: config.data.corpus === null ? (config.data.text ?? '') : (text.options[config.data.corpus] ?? ''),
    batch: `${config.batch.global} × ${config.batch.sequence}`,
    optimizer: `${text.options[config.optimizer.kind] ?? ''} ${config.optimizer.learningRate}`,
    cluster: config.cluster.memoryBytes === null ? text.noBudget : text.budget(formatBytes(config.cluster.memoryBytes)),
  }
  // The partition's control shows its problem.
  const shares = Array.isArray(readPath(draft, 'batch.shares')) ? ['batch.shares'] : []
  const shownFields = [...own, ...shares, ...FILE_FIELDS, ...sections.flatMap((section) => section.fields)]
  const ofText = config.data.text !== null || readPath(draft, 'data.documents') !== undefined
  const otherProblems = problems.filter((problem) => !shownFields.some((path) => isAbout(problem, path)))
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
      <PendingChange onTaken={focusTitle} />
      <Planning />
      <p className={styles.about}>{text.strategies[current.id].about}</p>
      <div role="group" aria-label={text.parameters(text.strategies[current.id].name)}>
        {own.map((path) => (
          <ConfigField key={path} path={path} />
        ))}
        <Splits />
      </div>
      <CompareUncompressed />
      {otherProblems.map((problem) => (
        <p key={lineOf(problem)} className={styles.problem} role="alert">
          {problem.field === undefined ? faultText(problem) : `${nameOf(text, problem.field)}: ${faultText(problem)}`}
        </p>
      ))}
      {sections.map(({ name, fields }) => (
        <PanelSection
          key={name}
          title={text.sections[name]}
          summary={summary[name]}
          hasProblem={problems.some((problem) => [...fields, ...filesOf(name)].some((path) => isAbout(problem, path)))}
        >
          {name === 'model' && <ModelPreset />}
          {name === 'model' && <Weights />}
          {fields.map((path) => (
            <ConfigField key={path} path={path} />
          ))}
          {name === 'data' && <OwnText />}
          {name === 'data' && ofText && <ConfigField path="data.documents" />}
        </PanelSection>
      ))}
      <ParityPanel />
    </aside>
  )
}
