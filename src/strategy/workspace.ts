import { lengthOf } from '../core/parts.ts'
import type { RunConfig } from '../config/types.ts'
import { WORD_BYTES } from '../core/dtypes.ts'
import type { Launch } from '../model/kernels.ts'
import { workspaceId } from '../schedule/buffers.ts'
import { namesReadBy, spansOf } from '../schedule/op-buffers.ts'
import { isQueued, launchesOfOp } from '../schedule/op-kinds.ts'
import type { OpDraft, RankDraft } from './draft.ts'
import { buffer } from './draft.ts'
import { hasOwnKernels, habitsOf } from './recipes.ts'

/** Bytes of one kernel-parameter slot: the smallest offset alignment every adapter allows for uniform bindings. */
const UNIFORM_SLOT_BYTES = 256

/** A read-back is split into chunks of this size, two in flight, so that reading, exchange and writing overlap. */
const STAGING_CHUNK_BYTES = 2 ** 20
const STAGING_CHUNKS = 2

/** Floats of the optimizer's scalars (learning rate, betas …) and of the dummy behind unused bindings. */
const HYPER_ELEMENTS = 12
const UNUSED_ELEMENTS = 4

/** The uniform's content: launches with equal content share a slot. */
function uniformKey(launch: Launch): string {
  return `${launch.kernel} ${Object.values(launch.params).join(' ')}`
}

/** Elements that an op beside the queue takes from the device to the host; a name alone is of one. */
function readsBack(op: OpDraft, isOnHost: (buffer: string) => boolean): number {
  if (isQueued(op) || op.reads.every(isOnHost)) return 0
  return lengthOf(spansOf(op).read.filter((each) => !isOnHost(each.buffer))) + namesReadBy(op).length
}

/** Memory the software needs on each rank besides the model: this project's workspace, or another's device context. */
export function withSoftware(draft: RankDraft, config: RunConfig): RankDraft {
  if (hasOwnKernels(config)) return withWorkspace(draft)
  if (draft.device === 'cpu') return draft
  const context = buffer(workspaceId('context'), habitsOf(config).contextBytes, { dtype: 'byte', persistent: true })
  return { ...draft, buffers: [...draft.buffers, context] }
}

/**
 * Declares what execution needs besides the model: kernel parameters, optimizer scalars, staging for every stream that
 * reads back. With these the Program lists every byte on the device.
 */
export function withWorkspace(draft: RankDraft): RankDraft {
  const ops = [...draft.prologue, ...draft.step, ...draft.epilogue]
  const launches = ops.flatMap(launchesOfOp)
  const slots = new Set(launches.map(uniformKey)).size
  const persistent = { persistent: true } as const
  const own = []
  if (draft.device === 'gpu') {
    own.push(
      buffer({ role: 'uniforms', tensor: 'uniforms' }, (slots * UNIFORM_SLOT_BYTES) / WORD_BYTES, {
        ...persistent,
        home: 'uniform',
      }),
    )
    own.push(buffer(workspaceId('unused'), UNUSED_ELEMENTS, persistent))
    const updates = ops.some((op) => op.kind === 'optimizerStep' && op.at === 'device')
    if (updates) own.push(buffer(workspaceId('hyper'), HYPER_ELEMENTS, persistent))
    const host = new Set(draft.buffers.filter((each) => each.home === 'host').map((each) => each.name))
    const largest = new Map<string, number>()
    for (const op of ops) {
      const bytes = readsBack(op, (name) => host.has(name)) * ('elementBytes' in op ? op.elementBytes : WORD_BYTES)
      if (bytes > 0) largest.set(op.stream, Math.max(largest.get(op.stream) ?? 0, bytes))
    }
    for (const [stream, bytes] of largest)
      for (let i = 0; i < (bytes > STAGING_CHUNK_BYTES ? STAGING_CHUNKS : 1); i++)
        own.push(
          buffer(
            { role: 'staging', tensor: `staging:${stream}:${i}` },
            Math.min(bytes, STAGING_CHUNK_BYTES) / WORD_BYTES,
            {
              ...persistent,
              home: 'staging',
            },
          ),
        )
  }
  return { ...draft, buffers: [...draft.buffers, ...own] }
}
