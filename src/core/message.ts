/** A message with its values kept separate, so that the page can translate it. Can be posted between workers. */
export interface LocalizableMessage {
  /** In English, as the command line prints it. */
  readonly text: string
  /** The sentence with {0}, {1} … in place of its values: the key of translations. */
  readonly template: string
  readonly values: readonly (string | number)[]
}

/** msg`${3} does not divide ${'model.heads'}` */
export function msg(parts: TemplateStringsArray, ...values: readonly (string | number)[]): LocalizableMessage {
  const filled = (value: (i: number) => string | number) =>
    parts.reduce((text, part, i) => `${text}${value(i - 1)}${part}`)
  return { text: filled((i) => values[i]!), template: filled((i) => `{${i}}`), values }
}
