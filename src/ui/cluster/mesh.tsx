import { useMemo, useRef, useState } from 'react'
import { inspectTarget } from '../../state/actions.ts'
import type { MeshAxis } from '../../core/mesh.ts'
import type { MeshView } from '../../state/mesh-view.ts'
import { groupIndex, groupLetter, meshView, sharedAxis } from '../../state/mesh-view.ts'
import type { RankView } from '../../state/run-state.ts'
import type { Plan, PlannedRank } from '../../state/session.ts'
import { Segmented } from '../controls/segmented.tsx'
import { usePage } from '../page-context.ts'
import type { Text } from '../text/text.ts'
import { useText } from '../text/use-text.ts'
import styles from './mesh.module.css'

/** Colours and patterns of groups; their counts are coprime, so that 35 groups look different. */
const COLOURS = 7
const PATTERNS = 5
/** Maximum width of a cell, with its gap. */
const CELL_WIDTH = 220

function Swatch({ index }: { readonly index: number }) {
  return <i className={styles.swatch} data-colour={index % COLOURS} data-pattern={index % PATTERNS} />
}

const coordinatesOf = (text: Text, { coordinates }: PlannedRank, axes: readonly MeshAxis[]) =>
  axes.map((axis) => `${text.coordinates[axis]} ${coordinates[axis]}`).join(', ')

function groupsOf(text: Text, mesh: MeshView, rank: number): string {
  return mesh.axes
    .map((axis) => {
      const index = groupIndex(mesh, axis, rank)
      const members = mesh.groups[axis][index]?.join(', ') ?? ''
      return text.meshGroup(text.groups[axis], groupLetter(index), members, text.exchanges[axis])
    })
    .join(text.clauses)
}

const labelOf = (plan: Plan, rank: number, op: number | null) =>
  op === null ? null : (plan.describe(rank, op)?.label ?? null)

interface Place {
  readonly row: number
  readonly column: number
}

const MOVES: Readonly<Record<string, Place>> = {
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
  ArrowUp: { row: -1, column: 0 },
  ArrowDown: { row: 1, column: 0 },
}

/** Ranks by their coordinates; those that share a group with the focused or hovered rank are marked. */
export function Mesh({ plan, ranks }: { readonly plan: Plan; readonly ranks: readonly RankView[] }) {
  const page = usePage()
  const text = useText()
  const mesh = useMemo(() => meshView(plan.ranks), [plan])
  const [chosenAxis, setChosenAxis] = useState<MeshAxis | null>(null)
  const axis = mesh.axes.find((each) => each === chosenAxis) ?? mesh.axes[0] ?? 'data'
  const [pointed, setPointed] = useState<number | null>(null)
  const [focused, setFocused] = useState<number | null>(null)
  const [stop, setStop] = useState(0)
  const grid = useRef<HTMLDivElement>(null)
  const active = pointed ?? focused
  const home = mesh.rows.some((row) => row.includes(stop)) ? stop : (mesh.rows[0]?.[0] ?? 0)
  const move = (event: React.KeyboardEvent, from: Place) => {
    const by = MOVES[event.key]
    const row = by && mesh.rows[from.row + by.row]
    const target =
      event.key === 'Home'
        ? mesh.rows[from.row]?.[0]
        : event.key === 'End'
          ? mesh.rows[from.row]?.at(-1)
          : row?.[from.column + (by?.column ?? 0)]
    if (by || event.key === 'Home' || event.key === 'End') event.preventDefault()
    if (target === undefined) return
    setStop(target)
    grid.current?.querySelector<HTMLElement>(`[data-rank="${target}"]`)?.focus()
  }
  const stages = Array.from({ length: mesh.size.pipeline }, (_, stage) => stage)
  const labelled = mesh.rows.length > 1
  return (
    <div className={styles.mesh}>
      <div className={styles.head}>
        <span>{text.colourBy}</span>
        <Segmented
          label={text.colourBy}
          value={axis}
          options={mesh.axes.map((value) => ({ value, label: text.groups[value] }))}
          onChange={setChosenAxis}
        />
        <span>{text.exchanges[axis]}</span>
      </div>
      <div className={styles.scroll}>
        <div
          ref={grid}
          role="grid"
          aria-label={text.mesh}
          aria-describedby="mesh-help"
          className={styles.grid}
          style={{ maxWidth: (mesh.rows[0]?.length ?? 1) * CELL_WIDTH }}
          data-labelled={labelled || undefined}
          onMouseLeave={() => setPointed(null)}
        >
          {mesh.size.pipeline > 1 && (
            <div role="row" className={styles.row}>
              {labelled && (
                <span role="columnheader" className={styles.side}>
                  <span className="visually-hidden">{text.coordinates.data}</span>
                </span>
              )}
              {stages.map((stage) => (
                <span
                  key={stage}
                  role="columnheader"
                  aria-colspan={mesh.perStage}
                  className={styles.stage}
                  style={{ flexGrow: mesh.perStage }}
                >
                  {text.coordinates.pipeline} {stage}
                </span>
              ))}
            </div>
          )}
          {mesh.rows.map((row, at) => (
            <div key={at} role="row" className={styles.row}>
              {labelled && (
                <span role="rowheader" className={styles.side}>
                  {text.coordinates.data} {at}
                </span>
              )}
              {row.map((rank, column) => {
                const planned = plan.ranks[rank]!
                const index = groupIndex(mesh, axis, rank)
                const shared = active === null ? null : sharedAxis(mesh, active, rank)
                return (
                  <div
                    key={rank}
                    role="gridcell"
                    data-rank={rank}
                    data-shared={shared ?? undefined}
                    data-self={active === rank || undefined}
                    data-first={(column > 0 && column % mesh.perStage === 0) || undefined}
                    className={styles.cell}
                    tabIndex={rank === home ? 0 : -1}
                    aria-label={`${text.rank(rank)}, ${coordinatesOf(text, planned, mesh.axes)}. ${groupsOf(text, mesh, rank)}`}
                    onFocus={() => {
                      setFocused(rank)
                      setStop(rank)
                    }}
                    onBlur={() => setFocused(null)}
                    onMouseEnter={() => setPointed(rank)}
                    onClick={() => inspectTarget(page, { kind: 'device', rank })}
                    onKeyDown={(event) => {
                      if (event.key === 'Enter') inspectTarget(page, { kind: 'device', rank })
                      else move(event, { row: at, column })
                    }}
                  >
                    <Swatch index={index} />
                    <strong>{rank}</strong>
                    <span className={styles.letter}>{groupLetter(index)}</span>
                    <small>
                      {mesh.axes.map((each) => `${text.axisLetters[each]}${planned.coordinates[each]}`).join(' ')}
                    </small>
                    <small className={styles.op}>{labelOf(plan, rank, ranks[rank]?.op ?? null)}</small>
                    {shared !== null && <b className={styles.badge}>{text.groups[shared]}</b>}
                  </div>
                )
              })}
            </div>
          ))}
        </div>
      </div>
      <p id="mesh-help" className={styles.note}>
        {active === null ? text.meshHelp : text.meshOf(text.rank(active), groupsOf(text, mesh, active))}
      </p>
      {mesh.servers.length > 0 && <p className={styles.note}>{text.meshServers(mesh.servers.join(', '))}</p>}
      <MeshTable plan={plan} mesh={mesh} />
    </div>
  )
}

function MeshTable({ plan, mesh }: { readonly plan: Plan; readonly mesh: MeshView }) {
  const text = useText()
  return (
    <details className={styles.table}>
      <summary>{text.meshTable}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{text.columns.rank}</th>
            {mesh.axes.map((axis) => (
              <th key={axis} scope="col">
                {text.coordinates[axis]}
              </th>
            ))}
            {mesh.axes.map((axis) => (
              <th key={axis} scope="col">
                {text.groupColumn(text.groups[axis])}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {plan.ranks
            .filter(({ rank }) => !mesh.servers.includes(rank))
            .map(({ rank, coordinates }) => (
              <tr key={rank}>
                <th scope="row">{rank}</th>
                {mesh.axes.map((axis) => (
                  <td key={axis}>{coordinates[axis]}</td>
                ))}
                {mesh.axes.map((axis) => {
                  const index = groupIndex(mesh, axis, rank)
                  return (
                    <td key={axis}>
                      {groupLetter(index)}: {mesh.groups[axis][index]?.join(', ')}
                    </td>
                  )
                })}
              </tr>
            ))}
        </tbody>
      </table>
    </details>
  )
}
