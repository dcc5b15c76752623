import { Fragment, useState } from 'react'
import type { RunConfig } from '../../config/types.ts'
import { readPath } from '../../state/draft-path.ts'
import type { FoldedGroup, SimulationField, SimulationGroup, SimulationPath } from '../../state/simulation-fields.ts'
import { isFolded, SIMULATION_FIELDS } from '../../state/simulation-fields.ts'
import { formatWhole } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import type { Text } from '../text/text.ts'
import { useText } from '../text/use-text.ts'
import { isAbout } from '../use-problems.ts'
import { optionName } from './option-name.ts'
import { SimulateField } from './simulate-field.tsx'
import styles from './simulate.module.css'
import type { SimulateText } from './text-en.ts'
import { ThisDevice } from './this-device.tsx'

/** The one-line summary of a collapsed group. */
const SUMMARIES: Readonly<Record<FoldedGroup, (config: RunConfig, text: SimulateText, page: Text) => string>> = {
  shape: ({ model: { layers, embed } }) => `${formatWhole(layers)} × ${formatWhole(embed)}`,
  optimizer: ({ optimizer: { kind } }, text, page) => optionName(kind, {}, text, page),
  exchange: ({ parallel: { dataMode, compression } }, text, page) =>
    [dataMode, ...(compression.kind === 'none' ? [] : [compression.kind])]
      .map((option) => optionName(option, {}, text, page))
      .join(', '),
  network: ({ cluster: { nicsPerNode, stragglers } }, text) => {
    const [slow] = stragglers
    if (slow) return text.slowRank(formatWhole(slow.rank), String(slow.slowdown))
    return nicsPerNode === null ? text.nicEach : text.nics(formatWhole(nicsPerNode))
  },
  failures: ({ reliability }, text) =>
    reliability === null ? text.none : text.failures.summary(formatWhole(reliability.hoursBetweenFailures)),
}

/** A group of fields: those with an effect, and those that the draft sets. */
export function FieldGroup({ group, text }: { readonly group: SimulationGroup; readonly text: SimulateText }) {
  const { simulation } = usePage()
  const { draft, config } = useSlice(simulation, (state) => state)
  const all = Object.entries(SIMULATION_FIELDS[group]) as [SimulationPath, SimulationField][]
  const fields = all.filter(
    ([path, { when }]) => when === undefined || when(config) || readPath(draft, path) !== undefined,
  )
  const shown = fields.map(([path, spec]) => (
    <Fragment key={path}>
      <SimulateField path={path} spec={spec} text={text} />
      {path === 'cluster.device' && <ThisDevice text={text} />}
    </Fragment>
  ))
  if (!isFolded(group))
    return (
      <fieldset className={styles.group}>
        <legend>{text.groups[group]}</legend>
        {shown}
      </fieldset>
    )
  return (
    <Folded group={group} paths={fields.map(([path]) => path)} text={text}>
      {shown}
    </Folded>
  )
}

/** Opens automatically when one of its fields is refused. */
function Folded({
  group,
  paths,
  text,
  children,
}: {
  readonly group: FoldedGroup
  readonly paths: readonly SimulationPath[]
  readonly text: SimulateText
  readonly children: React.ReactNode
}) {
  const { simulation } = usePage()
  const page = useText()
  const { config, problem } = useSlice(simulation, (state) => state)
  const [isOpen, setOpen] = useState(false)
  const isWrong = problem !== null && paths.some((path) => isAbout(problem, path))
  return (
    <details className={styles.folded} open={isOpen || isWrong} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {text.groups[group]} <span>{SUMMARIES[group](config, text, page)}</span>
      </summary>
      <div role="group" aria-label={text.groups[group]}>
        {children}
      </div>
    </details>
  )
}
