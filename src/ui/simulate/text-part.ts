/** Part of a sentence: words, or a number with where it comes from. */
export type TextPart = string | { readonly kind: 'predicted' | 'virtual'; readonly text: string }

export const predicted = (text: string): TextPart => ({ kind: 'predicted', text })

export const virtual = (text: string): TextPart => ({ kind: 'virtual', text })
