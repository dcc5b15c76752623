/** Part of a sentence: words, or a number with where it comes from. */
export type Piece = string | { readonly kind: 'predicted' | 'virtual'; readonly text: string }

export const predicted = (text: string): Piece => ({ kind: 'predicted', text })

export const virtual = (text: string): Piece => ({ kind: 'virtual', text })
