import { refused } from '../../core/errors.ts'
import { field, group, is } from '../field.ts'
import type { FieldType } from '../field.ts'
import { quoted } from '../quoted.ts'
import { between, choice, integer } from '../field-types.ts'

const isBeta = (x: unknown): x is number => typeof x === 'number' && x >= 0 && x < 1

const betas: FieldType<readonly [number, number]> = {
  read(path, value) {
    const [first, second, ...more]: readonly unknown[] = Array.isArray(value) ? value : []
    if (!isBeta(first) || !isBeta(second) || more.length > 0) throw refused(path, 'not-betas', { value: quoted(value) })
    return [first, second]
  },
  schema: { type: 'array', items: { type: 'number', minimum: 0, exclusiveMaximum: 1 }, minItems: 2, maxItems: 2 },
}

const adamw = { when: [[is('optimizer.kind', 'adamw')]] }
const sgd = { when: [[is('optimizer.kind', 'sgd')]] }

export const OPTIMIZER = group({
  kind: field(choice(['adamw', 'sgd']), 'adamw'),
  learningRate: field(between(0, 1000), 1e-3),
  betas: field(betas, [0.9, 0.95], adamw),
  // Zero would divide zero by zero where a gradient is zero.
  epsilon: field(between(1e-30, 1), 1e-8, adamw),
  weightDecay: field(between(0, 1000), 0.1),
  gradClip: field(between(0, 1e9), 1),
  momentum: field(between(0, 1), 0.9, sgd),
  schedule: field(choice(['constant', 'linear', 'cosine']), 'constant'),
  warmupSteps: field(integer(0, 1_000_000), 0),
})
