import { Fragment } from 'react'
import type { Piece } from './piece.ts'

/** A sentence whose numbers keep their typography. */
export function Phrase({ pieces }: { readonly pieces: readonly Piece[] }) {
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
