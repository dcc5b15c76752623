import { groupAlong, rankAt } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import type { Action } from '../schedule/actions.ts'
import { OP_KINDS, isCollective } from '../schedule/op-kinds.ts'
import { scheduleOf } from '../schedule/registry.ts'
import type { Op, Program, RankProgram } from '../schedule/program.ts'
import { splitBatch } from './split-batch.ts'
import type { RankDraft } from './draft.ts'
import { finishRank } from './draft.ts'
import { serverExchange } from './data/server-shards.ts'
import { gatherUnits, holdsShards } from './data/unit-shards.ts'
import { layoutOf, parametersOn } from './layout.ts'
import { isLogits, lowerActions } from './lower-actions.ts'
import { parameterBuffers } from './ranks.ts'
import { lossBuffer, report } from './optimizer-tail.ts'
import { withWorkspace } from './workspace.ts'

/** Clock cycles of a forward-only pass under unit costs, one per micro-batch and stage: m + p − 1. */
export function forwardTicks(config: RunConfig): number {
  const { pipeline: stages, chunks, schedule } = config.parallel
  const { microbatches } = config.batch
  const shape = { stages, microbatches, chunks }
  const stageToRank = scheduleOf(schedule).stageToRank(shape)
  const free = Array.from({ length: stages }, () => 0)
  let end = 0
  for (let m = 0; m < microbatches; m++) {
    let ready = 0
    for (const rank of stageToRank) {
      ready = Math.max(ready, free[rank]!) + 1
      free[rank] = ready
    }
    end = Math.max(end, ready)
  }
  return end
}

/** A root hands its parameters to the others. */
function givesParameters(op: Op): boolean {
  return isCollective(op) && OP_KINDS[op.kind].sides.root === 'gives' && op.traffic === 'parameters'
}

/**
 * Forward-only Program on the parameters of a training Program: `evaluate` computes the loss of a held-out batch, split
 * like a training batch; `generate` runs one sequence and keeps the logits. Micro-batch i is at stage j at tick i + j.
 */
export function buildForwardProgram(config: RunConfig, training: Program, purpose: 'evaluate' | 'generate'): Program {
  const generate = purpose === 'generate'
  const layout = layoutOf(config)
  const { pipeline: P, chunks } = config.parallel
  const shape = { stages: P, microbatches: 1, chunks }
  const stageToRank = scheduleOf(config.parallel.schedule).stageToRank(shape)
  const batches = splitBatch(config)
  const workers = training.ranks.filter(({ device }) => device === 'gpu').map(({ rank }) => rank)
  const ranks = training.ranks.map((trained): RankProgram => {
    const { data, pipeline, tensor } = trained.coordinates
    // Where parameters live on another rank between steps, they are fetched as in training.
    const brought = config.parallel.server.async
      ? serverExchange(config, parametersOn(layout, layout.stages), workers, trained.rank, 'pull')
      : trained.step.filter(givesParameters)
    // One sequence is one replica's work; others have nothing to do, unless they are in the exchange anyway.
    const sharded = holdsShards(config)
    const idle = trained.device === 'cpu' || (generate && data > 0 && brought.length === 0 && !sharded)
    const microbatches = idle ? [] : generate ? [[0]] : batches[data]!
    const stages = layout.stages.filter((stage) => stageToRank[stage.index] === pipeline)
    const actions: Action[] = microbatches.flatMap((_, microbatch) =>
      stages.map((stage) => ({ kind: 'F' as const, stage: stage.index, microbatch })),
    )
    const writer = lowerActions(actions, {
      layout,
      coordinates: trained.coordinates,
      microbatches,
      stageToRank,
      rankOf: (p) => rankAt(config.parallel, { data, pipeline: p, tensor }),
      forwardOnly: true,
      keepLogits: generate,
    })
    const parameters = [...trained.buffers.values()].filter(
      ({ role, persistent }) => role === 'parameter' || (persistent && role === 'parameterShard'),
    )
    // An asynchronous server's worker trains on its own buffers: what it pulls here is for this pass.
    if (parameters.length === 0 && !sharded) parameters.push(...parameterBuffers(parametersOn(layout, stages), false))
    const dataGroup = groupAlong(config.parallel, trained.coordinates, 'data')
    const gathered = sharded
      ? gatherUnits(config, { rank: trained.rank, dataGroup, parameters: parametersOn(layout, stages) }, writer.ops)
      : { ops: writer.ops, buffers: [] }
    const hasLoss = !generate && writer.buffers.some(({ tensor: made }) => made === 'losses')
    const own = writer.buffers.map((each) =>
      // The logits are read after the pass, so they outlive it.
      generate && isLogits(each) ? { ...each, persistent: true } : each,
    )
    const draft: RankDraft = {
      rank: trained.rank,
      coordinates: trained.coordinates,
      device: trained.device,
      buffers: [...parameters, ...gathered.buffers, ...own, ...(hasLoss ? [lossBuffer()] : [])],
      state: { parameters: [], gradients: [], moment1: [], moment2: [], drawn: false },
      prologue: [],
      step: [...brought, ...gathered.ops, ...(generate ? [] : [report(hasLoss && tensor === 0)])],
      epilogue: [],
    }
    return finishRank(withWorkspace(draft), 'same size')
  })
  return { world: ranks.length, ranks, groups: training.groups }
}
