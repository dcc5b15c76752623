import { lengthOf } from '../core/parts.ts'
import type { RunConfig } from '../config/types.ts'
import { WORD_BYTES } from '../core/dtypes.ts'
import { decodeLaunch, encodeLaunch } from '../model/codec-launches.ts'
import type { Launch } from '../model/kernels.ts'
import { launchesOf } from '../model/launches.ts'
import { gradNormLaunches, updateLaunch, axpyLaunch } from '../model/vector-launches.ts'
import { workspaceId } from '../schedule/buffers.ts'
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

/** The launches of an op on the device, whatever its kind. */
export function launchesOfOp(op: OpDraft): Launch[] {
  switch (op.kind) {
    case 'forward':
    case 'recompute':
    case 'backward':
    case 'backwardInput':
    case 'backwardWeight':
      return launchesOf(op as Parameters<typeof launchesOf>[0])
    case 'gradNorm':
      return op.at === 'device' ? gradNormLaunches(op.spans, op.scratch, op.target) : []
    case 'optimizerStep': {
      const { norm = '' } = op
      return op.at === 'device' ? op.updates.map((update) => updateLaunch(update, 'hyper', norm)) : []
    }
    case 'add':
      return op.source.map((source, i) => axpyLaunch(source, op.target[i]!, !op.assign))
    case 'encode':
      return op.source.map((source, i) => encodeLaunch(op.codec, source, op.target[i]!, op.residue))
    case 'decode':
      return op.source.map((source, i) => decodeLaunch(op.codec, source, op.target[i]!, op.accumulate[i]!))
    default:
      return []
  }
}

/** The uniform's content: launches with equal content share a slot. */
function uniformKey(launch: Launch): string {
  return `${launch.kernel} ${Object.values(launch.params).join(' ')}`
}

function readsBack(op: OpDraft): number {
  if (op.kind === 'report') return [op.loss, op.norm].filter((name) => name !== undefined).length
  if (op.kind === 'send' || op.kind === 'offload') return lengthOf(op.source)
  if ('source' in op && 'group' in op) return lengthOf(op.source)
  return 0
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
      const bytes = op.reads.some((name) => !host.has(name))
        ? readsBack(op) * ('elementBytes' in op ? op.elementBytes : WORD_BYTES)
        : 0
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
