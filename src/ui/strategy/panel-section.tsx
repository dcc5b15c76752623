import { useState } from 'react'
import styles from './strategy.module.css'

/** A folded part of the panel. A problem inside opens it; only a person closes it, so that a mended field stays where it is. */
export function PanelSection({
  title,
  summary,
  hasProblem,
  children,
}: {
  readonly title: string
  readonly summary: string
  readonly hasProblem: boolean
  readonly children: React.ReactNode
}) {
  const [open, setOpen] = useState(hasProblem)
  const [had, setHad] = useState(hasProblem)
  if (had !== hasProblem) {
    setHad(hasProblem)
    if (hasProblem) setOpen(true)
  }
  return (
    <details className={styles.section} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {title} <span>{summary}</span>
      </summary>
      {children}
    </details>
  )
}
