import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withoutStrayFields } from '../../../src/config/effects.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import type { ConfigUse } from '../../../src/config/check.ts'
import type { RunConfig } from '../../../src/config/types.ts'
import { RefusedError } from '../../../src/core/errors.ts'
import { validateProgram } from '../../../src/schedule/validate.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import { buildProgram } from '../../../src/strategy/build.ts'
import { randomInput } from '../../lib/random-config.ts'

/** Programs that are built and validated; a longer run takes more (TABCLUSTER_PROGRAMS). */
const PROGRAMS = Number(process.env.TABCLUSTER_PROGRAMS ?? 2000)
/** Of so many Programs one is clocked, too. */
const CLOCKED = 50

function parsed(input: unknown, use: ConfigUse): RunConfig | string {
  try {
    return parseConfig(input, use)
  } catch (error) {
    if (error instanceof RefusedError) return error.message
    throw error
  }
}

test('random configurations over every field are valid Programs free of deadlock, or refused alike in one line', () => {
  let [valid, refused] = [0, 0]
  fc.assert(
    fc.property(randomInput, (input) => {
      const config = parsed(input, 'execute')
      const text = JSON.stringify(config)
      if (JSON.stringify(parsed(input, 'simulate')) !== text) expect(parsed(input, 'simulate')).toEqual(config)
      if (typeof config === 'string') {
        expect(config).toMatch(/^(parallel|batch|optimizer)\.[\w.]+: [^\n]+$/)
        refused++
        return
      }
      // What is echoed, every default filled in, is accepted as it is.
      if (JSON.stringify(parsed(JSON.parse(text), 'execute')) !== text)
        expect(parsed(JSON.parse(text), 'execute')).toEqual(config)
      expect(withoutStrayFields(config)).toBe(config)
      validateProgram(buildProgram(config))
      if (valid++ % CLOCKED === 0) expect(simulate(config).result.time!.stepSeconds).toBeGreaterThan(0)
    }),
    { numRuns: Math.ceil(PROGRAMS * 1.2), seed: 20261130 },
  )
  expect(valid).toBeGreaterThanOrEqual(PROGRAMS)
  expect(refused).toBeGreaterThan(PROGRAMS / 100)
})
