import { Fragment } from 'react'
import type { TextPart } from './text-part.ts'

/** A sentence whose numbers keep their typography. */
export function Phrase({ pieces }: { readonly pieces: readonly TextPart[] }) {
  return pieces.map((piece, i) =>
    typeof piece === 'string' ? (
      <Fragment key={i}>{piece}</Fragment>
    ) : (
      <span key={i} className={piece.kind}>
        {piece.text}
      </span>
    ),
  )
}
