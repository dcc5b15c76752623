import { expect } from 'vitest'

export interface Difference {
  readonly relative: number
  readonly index: number
  readonly absolute: number
}

function norm(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!
  return Math.sqrt(sum)
}

/** ‖a − b‖ over max(‖b‖, floor), with the worst element. */
function differenceOf(a: ArrayLike<number>, b: ArrayLike<number>, floor = 0): Difference {
  expect(a.length).toBe(b.length)
  let sum = 0
  let [index, absolute] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!)
    sum += d * d
    if (!(d <= absolute)) [index, absolute] = [i, d]
  }
  return { relative: Math.sqrt(sum) / Math.max(norm(b), floor, Number.MIN_VALUE), index, absolute }
}

export function expectClose(
  name: string,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  tolerance: number,
  floor = 0,
): void {
  const { relative, index, absolute } = differenceOf(a, b, floor)
  if (!(relative <= tolerance))
    expect.fail(
      `${name}: relative difference ${relative.toExponential(2)} over ${tolerance}; worst at [${index}]: ${a[index]} against ${b[index]} (${absolute.toExponential(2)})`,
    )
}

/** Per-tensor gradients: 1e-5 of each tensor's norm, with a floor of 1e-7 of the global norm. */
export function expectSameGradients(
  a: ReadonlyMap<string, Float32Array>,
  b: ReadonlyMap<string, Float32Array>,
  tolerance = 1e-5,
): void {
  expect([...a.keys()]).toEqual([...b.keys()])
  const global = Math.sqrt([...b.values()].reduce((sum, each) => sum + norm(each) ** 2, 0))
  for (const [name, values] of a)
    expectClose(`gradient of ${name}`, values, b.get(name)!, tolerance, (1e-7 * global) / tolerance)
}
