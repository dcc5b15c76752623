/** Names of quantities in formulas; what each means stands in the page's texts. */
const SYMBOLS = [
  'B',
  'T',
  'C',
  'H',
  'D',
  'F',
  'V',
  'N',
  'R',
  't',
  'n',
  'S',
  'P',
  'k',
  'M',
  'E',
  'G',
  'par',
  'grad',
  'opt',
  'act',
  'com',
  'work',
  'free',
] as const
export type SymbolName = (typeof SYMBOLS)[number]

/** A formula as a tree, so that what is shown and what is computed cannot differ. */
export type Expression =
  number | SymbolName | { readonly sign: '+' | '−' | '·' | '/'; readonly of: readonly Expression[] }

export const plus = (...of: readonly Expression[]): Expression => ({ sign: '+', of })
export const minus = (...of: readonly Expression[]): Expression => ({ sign: '−', of })
export const times = (...of: readonly Expression[]): Expression => ({ sign: '·', of })
export const over = (...of: readonly Expression[]): Expression => ({ sign: '/', of })

export type Values = Readonly<Partial<Record<SymbolName, number>>>

const APPLY = {
  '+': (a: number, b: number) => a + b,
  '−': (a: number, b: number) => a - b,
  '·': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
} as const

/** What a formula comes to; NaN where a quantity is not known. */
export function valueOf(expression: Expression, values: Values): number {
  if (typeof expression === 'number') return expression
  if (typeof expression === 'string') return values[expression] ?? NaN
  return expression.of.map((each) => valueOf(each, values)).reduce(APPLY[expression.sign])
}

/** A formula as text: "2 · (n − 1) / n · S"; `name` gives the word for a quantity, its letter or its value. */
export function textOf(expression: Expression, name: (symbol: SymbolName) => string): string {
  if (typeof expression === 'number') return String(expression)
  if (typeof expression === 'string') return name(expression)
  const isSum = ({ sign }: Exclude<Expression, number | string>) => sign === '+' || sign === '−'
  const outer = expression
  return outer.of
    .map((each) => {
      const text = textOf(each, name)
      return typeof each === 'object' && isSum(each) && !isSum(outer) ? `(${text})` : text
    })
    .join(` ${outer.sign} `)
}

/** The quantities of a formula, each once, in the order in which it names them. */
export function symbolsOf(expression: Expression): SymbolName[] {
  if (typeof expression === 'number') return []
  if (typeof expression === 'string') return [expression]
  return [...new Set(expression.of.flatMap(symbolsOf))]
}

/** A formula with the numbers of one case. */
export interface Formula {
  /** What it gives. */
  readonly of: 'bytes' | 'flop' | 'sent' | 'parameters' | 'gradients' | 'optimizer' | 'activations' | 'peak'
  readonly expression: Expression
  readonly values: Values
  /** What it gives with these numbers. */
  readonly value: number
}

/** The first of the candidates that comes to `counted`, give or take `slack`; null where none does: a formula that is not so is never shown. */
export function formulaFor(
  of: Formula['of'],
  candidates: readonly Expression[],
  values: Values,
  counted: number,
  slack = 0,
): Formula | null {
  for (const expression of candidates) {
    const value = valueOf(expression, values)
    if (Math.abs(value - counted) <= slack) return { of, expression, values, value }
  }
  return null
}
