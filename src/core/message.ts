/** A sentence with its values apart, so that a page can say it in another language. Crosses workers as it is. */
export interface LocalizableMessage {
  /** In English: what the command line prints. */
  readonly text: string
  /** The sentence with {0}, {1} … in place of its values: what translations go by. */
  readonly template: string
  readonly values: readonly (string | number)[]
}

/** say`${3} does not divide ${'model.heads'}` */
export function msg(parts: TemplateStringsArray, ...values: readonly (string | number)[]): LocalizableMessage {
  const filled = (value: (i: number) => string | number) =>
    parts.reduce((text, part, i) => `${text}${value(i - 1)}${part}`)
  return { text: filled((i) => values[i]!), template: filled((i) => `{${i}}`), values }
}
