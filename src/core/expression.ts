/**
 * A formula over named quantities as a tree, so that computed, displayed and explained values cannot differ: the
 * model's sizes, bytes and floating-point operations are such trees, and so are the inspector's formulas.
 */
export type Expression<Symbol extends string> =
  number | Symbol | { readonly sign: '+' | '−' | '·' | '/'; readonly of: readonly Expression<Symbol>[] }

export function plus<Symbol extends string>(...of: readonly Expression<Symbol>[]): Expression<Symbol> {
  return { sign: '+', of }
}

export function minus<Symbol extends string>(...of: readonly Expression<Symbol>[]): Expression<Symbol> {
  return { sign: '−', of }
}

export function times<Symbol extends string>(...of: readonly Expression<Symbol>[]): Expression<Symbol> {
  return { sign: '·', of }
}

export function over<Symbol extends string>(...of: readonly Expression<Symbol>[]): Expression<Symbol> {
  return { sign: '/', of }
}

export type Values<Symbol extends string> = Readonly<Partial<Record<Symbol, number>>>

const APPLY = {
  '+': (a: number, b: number) => a + b,
  '−': (a: number, b: number) => a - b,
  '·': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
} as const

/** The value of a formula; NaN where a quantity is unknown. */
export function valueOf<Symbol extends string>(expression: Expression<Symbol>, values: Values<Symbol>): number {
  if (typeof expression === 'number') return expression
  if (typeof expression === 'string') return values[expression] ?? NaN
  const apply = APPLY[expression.sign]
  let value = NaN
  for (let i = 0; i < expression.of.length; i++) {
    const each = valueOf(expression.of[i]!, values)
    value = i === 0 ? each : apply(value, each)
  }
  return value
}

/** A formula as text: "2 · (n − 1) / n · S"; `name` maps a quantity to its letter or value. */
export function textOf<Symbol extends string>(
  expression: Expression<Symbol>,
  name: (symbol: Symbol) => string = (symbol) => symbol,
): string {
  if (typeof expression === 'number') return String(expression)
  if (typeof expression === 'string') return name(expression)
  const isSum = (each: Expression<Symbol>) => typeof each === 'object' && (each.sign === '+' || each.sign === '−')
  return expression.of
    .map((each) => {
      const text = textOf(each, name)
      return isSum(each) && !isSum(expression) ? `(${text})` : text
    })
    .join(` ${expression.sign} `)
}

/** The formula with one of its quantities replaced; products stay flat. */
export function withSymbol<Symbol extends string>(
  expression: Expression<Symbol>,
  symbol: Symbol,
  replacement: Expression<Symbol>,
): Expression<Symbol> {
  if (expression === symbol) return replacement
  if (typeof expression !== 'object') return expression
  const { sign } = expression
  const of = expression.of.flatMap((each) => {
    const replaced = withSymbol(each, symbol, replacement)
    const isProduct = typeof replaced === 'object' && replaced.sign === '·' && sign === '·'
    return isProduct ? replaced.of : [replaced]
  })
  return { sign, of }
}

/** The distinct quantities of a formula, in order of appearance. */
export function symbolsOf<Symbol extends string>(expression: Expression<Symbol>): Symbol[] {
  if (typeof expression === 'number') return []
  if (typeof expression === 'string') return [expression]
  return [...new Set(expression.of.flatMap(symbolsOf<Symbol>))]
}
