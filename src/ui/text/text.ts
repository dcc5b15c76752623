import type { en } from './en.ts'

type Widened<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Widened<T[K]>
}

/** The texts that every language must have: a missing one does not compile. */
export type Text = Widened<typeof en>
