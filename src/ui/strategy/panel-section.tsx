import { useState } from 'react'
import styles from './strategy.module.css'

/**
 * A collapsible section of the panel. A problem inside opens it; only the user closes it, so that a fixed field stays
 * in place.
 */
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
