import { expect, test } from 'vitest'
import { withoutStrayDraftFields } from '../../../src/state/stray-draft-fields.ts'

test('what means nothing beside a choice leaves the draft with it', () => {
  const server = { data: 2, server: { at: 'cpu', async: true, maxStaleness: 1 } }
  expect(withoutStrayDraftFields({ parallel: { ...server, dataMode: 'ddp' } }, 'parallel.dataMode')).toEqual({
    parallel: { data: 2, dataMode: 'ddp' },
  })
  const sgd = { kind: 'sgd', momentum: 0.5 }
  expect(withoutStrayDraftFields({ optimizer: sgd }, 'optimizer.kind')).toEqual({ optimizer: sgd })
  expect(withoutStrayDraftFields({ optimizer: { ...sgd, kind: 'adamw' } }, 'optimizer.kind')).toEqual({
    optimizer: { kind: 'adamw' },
  })
})

test('what was chosen itself stays, for the rules to speak about; a broken draft stays as it is', () => {
  const draft = { parallel: { overlap: false } }
  expect(withoutStrayDraftFields(draft, 'parallel.overlap')).toEqual(draft)
  expect(withoutStrayDraftFields({ parallel: { overlap: 3 } }, 'seed')).toEqual({ parallel: { overlap: 3 } })
  const compressed = { parallel: { compression: { kind: 'topk', ratio: 0.5 } } }
  expect(withoutStrayDraftFields(compressed, 'seed')).toEqual({})
})
