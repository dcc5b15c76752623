import { useRef } from 'react'
import type { ReactNode } from 'react'
import { useText } from '../text/use-text.ts'
import controls from './controls.module.css'

interface FileFieldProps {
  readonly id: string
  readonly label: string
  /** The current file; null: shows `none` instead. */
  readonly name: string | null
  readonly none: string
  readonly accept: string
  readonly onTake: (file: File) => void
  readonly onReset: () => void
  /** What is wrong with it. */
  readonly children?: ReactNode
}

/** A file of the user's, with a way to remove it. */
export function FileField({ id, label, name, none, accept, onTake, onReset, children }: FileFieldProps) {
  const text = useText()
  const input = useRef<HTMLInputElement>(null)
  const reset = `${text.reset}: ${label}`
  return (
    <div className={controls.field}>
      <label id={`${id}-label`} htmlFor={id}>
        {label}
      </label>
      <button
        type="button"
        id={`${id}-name`}
        aria-labelledby={`${id}-label ${id}-name`}
        data-testid={id}
        onClick={() => input.current?.click()}
      >
        {name ?? none}
      </button>
      {name === null ? (
        <span />
      ) : (
        <button type="button" className={controls.reset} aria-label={reset} title={reset} onClick={onReset}>
          ↺
        </button>
      )}
      <input
        ref={input}
        id={id}
        type="file"
        accept={accept}
        hidden
        onChange={(event) => {
          const [file] = event.target.files ?? []
          if (file) onTake(file)
          // Choosing the same file again, changed meanwhile, counts as well.
          event.target.value = ''
        }}
      />
      {children}
    </div>
  )
}
