import { lengthOf } from '../../core/parts.ts'
import { isCompute } from '../../schedule/op-kinds.ts'
import type { ComputeOp, LoadBatchOp, Span } from '../../schedule/program.ts'
import type { BufferId } from '../../schedule/buffers.ts'
import { bufferName } from '../../schedule/buffers.ts'
import type { BuildContext, ComputeRank } from '../ranks.ts'
import { gradBuffer, paramBuffer, parameterBuffers, wholeHolding } from '../ranks.ts'
import { collective } from '../collective-ops.ts'
import type { OpDraft, RankDraft } from '../draft.ts'
import { buffer, span } from '../draft.ts'
import { optimizerTail, report } from '../optimizer-tail.ts'
import { HOST } from '../segment-writer.ts'

/**
 * DataParallel as in PyTorch: rank 0 owns parameters, optimizer and loss. Every step it broadcasts the parameters,
 * scatters the inputs, gathers all logits, computes the loss, scatters its gradient and reduces the gradients.
 *
 *   rank 0   ─bcast─scatter─ F  ─gather─ loss ─scatter─ B ─reduce─ norm step
 *   rank 1   ─bcast─scatter─ F  ─gather─      ─scatter─ B ─reduce─
 *
 * Rank 0 holds the logits of the whole micro-batch at once, chunk by chunk of every replica: that is the lesson.
 */
export function lowerDataParallel(number: number, { config, world, rank }: BuildContext): RankDraft {
  const ranks = world.map(rank)
  return lowerRank(ranks[number]!, ranks[0]!, world, ranks, config)
}

const byMicrobatch = new WeakMap<ComputeRank, ReadonlyMap<number, readonly OpDraft[]>>()

/** A replica's ops of a micro-batch; every rank's list needs those of all. */
function opsOf(rank: ComputeRank, microbatch: number): readonly OpDraft[] {
  let parts = byMicrobatch.get(rank)
  if (parts === undefined) {
    const grouped = new Map<number, OpDraft[]>()
    for (const op of rank.ops) {
      if (op.microbatch === undefined) continue
      const known = grouped.get(op.microbatch)
      if (known) known.push(op)
      else grouped.set(op.microbatch, [op])
    }
    byMicrobatch.set(rank, (parts = grouped))
  }
  return parts.get(microbatch) ?? []
}

/** Where another rank computes the loss, only the logits' gradient comes back. */
function withoutLossCopies(op: OpDraft): OpDraft {
  if (!isCompute(op) || op.segment.kind !== 'logits') return op
  const { copies, ...args } = op.args
  return copies === undefined ? op : { ...op, args, reads: op.reads.filter((name) => name !== copies) }
}

type Compute = Omit<ComputeOp, 'id'>
type Load = Omit<LoadBatchOp, 'id'>

const isForward = (op: OpDraft): op is Compute => op.kind === 'forward'
const isHead = (op: OpDraft): op is Compute => isForward(op) && op.segment.kind === 'logits'
const isLoss = (op: OpDraft): op is Compute => isForward(op) && op.segment.kind === 'loss'
const isLoad = (op: OpDraft): op is Load => op.kind === 'loadBatch'

function lowerRank(
  rank: ComputeRank,
  root: ComputeRank,
  group: readonly number[],
  ranks: readonly ComputeRank[],
  config: BuildContext['config'],
): RankDraft {
  const isRoot = rank.rank === root.rank
  const parameters = rank.parameters.map(({ name, elements }) => span(paramBuffer(name), elements))
  const gradients = rank.parameters.map(({ name, elements }) => span(gradBuffer(name), elements))
  const extra = new Map<string, ReturnType<typeof buffer>>()
  const sizeOf = new Map(ranks.map((each) => [each.rank, new Map(each.buffers.map((b) => [b.name, b]))]))
  /** Rank 0's copy of a replica's buffer (its own is used directly). */
  const copyOf = (replica: number, name: string): Span => {
    const spec = sizeOf.get(replica)!.get(name)!
    if (replica === root.rank) return span(name, spec.elements)
    const { role, tensor, microbatch, category, dtype, elements } = spec
    const id: BufferId = { role, tensor, copyOf: replica, ...(microbatch === undefined ? {} : { microbatch }) }
    const copy = bufferName(id)
    if (isRoot) extra.set(copy, buffer(id, elements, { category, dtype }))
    return span(copy, elements)
  }
  const ownSpan = (name: string): Span => span(name, sizeOf.get(rank.rank)!.get(name)!.elements)
  const step: OpDraft[] = [
    collective('broadcast', config, {
      group,
      root: root.rank,
      source: isRoot ? parameters : [],
      target: isRoot ? [] : parameters,
      traffic: 'parameters',
      subject: 'parameters',
    }),
  ]
  for (const m of rank.microbatches) {
    const place = { microbatch: m, stage: 0 }
    // Inputs: rank 0 loads every replica's and scatters what the replicas need; targets and weights stay with the loss.
    const loads = ranks.map((each) => opsOf(each, m).filter(isLoad))
    const wanted = (names: Readonly<Record<string, string>>) =>
      ['tokens', 'segments'].flatMap((role) => names[role] ?? [])
    const inputsOf = (replica: number) => loads[replica]!.flatMap((load) => wanted(load.args))
    if (isRoot)
      for (const [i, each] of ranks.entries())
        for (const load of loads[i]!) {
          const args = Object.fromEntries(
            Object.entries(load.args).map(([role, name]) => [role, copyOf(each.rank, name).buffer]),
          )
          step.push({ ...load, args, writes: Object.values(args), stream: HOST })
        }
    const parts = ranks.map((_, i) =>
      lengthOf(inputsOf(i).map((name) => span(name, sizeOf.get(i)!.get(name)!.elements))),
    )
    step.push(
      collective('scatter', config, {
        group,
        root: root.rank,
        source: isRoot
          ? ranks.flatMap((each, i) => (i === 0 ? [] : inputsOf(i).map((name) => copyOf(each.rank, name))))
          : [],
        target: isRoot ? [] : inputsOf(rank.rank).map(ownSpan),
        parts: parts.map((part, i) => (i === 0 ? 0 : part)),
        traffic: 'activations',
        subject: 'inputs',
        ...place,
      }),
    )
    const own = opsOf(rank, m).filter((op) => !isLoad(op) && !isLoss(op))
    const firstHead = own.findIndex(isHead)
    const heads = own.filter(isHead)
    const backward = own.slice(firstHead).flatMap((op) => (isHead(op) ? [] : [withoutLossCopies(op)]))
    step.push(...own.slice(0, firstHead), ...heads)
    // Logits of all replicas go to rank 0, which computes the loss and returns its gradient.
    const logitsOf = (replica: number) =>
      opsOf(ranks[replica]!, m)
        .filter(isHead)
        .map((op) => op.args.logits!)
    const logitParts = ranks.map((_, i) =>
      i === 0 ? 0 : logitsOf(i).reduce((sum, name) => sum + sizeOf.get(i)!.get(name)!.elements, 0),
    )
    const remote = isRoot
      ? ranks.slice(1).flatMap((each) => logitsOf(each.rank).map((name) => copyOf(each.rank, name)))
      : []
    const mine = isRoot ? [] : logitsOf(rank.rank).map(ownSpan)
    const move = { group, root: root.rank, parts: logitParts, traffic: 'activations' as const, ...place }
    step.push(collective('gather', config, { ...move, source: mine, target: remote, subject: 'logits' }))
    if (isRoot)
      for (const each of ranks)
        for (const loss of opsOf(each, m).filter(isLoss)) {
          const rename = (name: string) => (name === 'loss' ? name : copyOf(each.rank, name).buffer)
          const args = Object.fromEntries(Object.entries(loss.args).map(([role, name]) => [role, rename(name)]))
          const accumulate = loss.accumulate || each.rank !== root.rank
          const names = { reads: loss.reads.map(rename), writes: loss.writes.map(rename) }
          const reads =
            accumulate && names.writes.includes('loss') ? [...new Set([...names.reads, 'loss'])] : names.reads
          step.push({ ...loss, args, accumulate, writes: names.writes, reads })
        }
    step.push(collective('scatter', config, { ...move, source: remote, target: mine, subject: 'logit gradients' }))
    step.push(...backward)
  }
  step.push(
    collective('reduce', config, {
      group,
      root: root.rank,
      source: gradients,
      target: isRoot ? gradients : [],
      traffic: 'gradients',
      subject: 'gradients',
    }),
  )
  const shared = { rank: rank.rank, coordinates: rank.coordinates, device: 'gpu' as const, prologue: [], epilogue: [] }
  const others = rank.buffers.filter((each) => each.name !== 'loss')
  if (!isRoot)
    return {
      ...shared,
      buffers: [...parameterBuffers(rank.parameters, false), ...others],
      state: { parameters: [], gradients: [], moment1: [], moment2: [], drawn: false },
      step: [...step, report(false)],
    }
  const owned = rank.parameters.map(({ name, elements, decay }) => ({
    tensor: name,
    from: 0,
    parameter: span(paramBuffer(name), elements),
    gradient: span(gradBuffer(name), elements),
    decay,
    counted: true,
  }))
  const tail = optimizerTail({ config, owned, normGroup: [rank.rank], hasLoss: true })
  return {
    ...shared,
    buffers: [...parameterBuffers(rank.parameters), ...rank.buffers, ...extra.values(), ...tail.buffers],
    state: {
      parameters: rank.parameters.map((each) => wholeHolding('parameter', each)),
      gradients: rank.parameters.map((each) => wholeHolding('gradient', each)),
      moment1: tail.moment1,
      moment2: tail.moment2,
      drawn: true,
    },
    step: [...step, ...tail.ops],
  }
}
