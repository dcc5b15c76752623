/** Part of a sentence: words, or a number with its origin. */
export type TextPart = string | { readonly kind: 'predicted' | 'virtual'; readonly text: string }

export const predicted = (text: string): TextPart => ({ kind: 'predicted', text })

export const virtual = (text: string): TextPart => ({ kind: 'virtual', text })
