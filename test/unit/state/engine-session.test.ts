import { expect, test } from 'vitest'
import { engineSession } from '../../../src/state/engine-session.ts'

test('a draft is refused at the field that was changed, not at one that follows from it', () => {
  expect(engineSession.parse({ model: { heads: 5 } })).toMatchObject({
    kind: 'refused',
    problems: [{ field: 'model.heads', code: 'heads-do-not-divide-embed' }],
  })
  expect(engineSession.parse({ seed: -1 })).toMatchObject({ kind: 'refused', problems: [{ field: 'seed' }] })
  expect(engineSession.parse({})).toMatchObject({ kind: 'ok', config: { steps: 5000 } })
})
