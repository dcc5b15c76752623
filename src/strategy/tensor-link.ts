import { groupAlong } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import type { OpDims } from '../core/segments.ts'
import type { Coordinates } from '../core/mesh.ts'
import { collective } from './collective-ops.ts'
import { span } from './draft.ts'
import type { PipelinePosition, SegmentWriter } from './segment-writer.ts'

/**
 * What a rank exchanges with the ranks that share its tensors (Megatron-LM): column-parallel products read whole rows,
 * row-parallel products leave partial sums of them. Plain tensor parallelism all-reduces partial sums and has whole
 * rows everywhere; sequence parallelism leaves each rank the sum of its own rows (reduce-scatter) and gathers rows
 * where a product reads them whole.
 *
 *             partial sums of all rows → residual stream        residual stream → all rows
 *   plain     all-reduce in place                               nothing to do
 *   sequence  reduce-scatter                                    all-gather
 */
export interface TensorLink {
  /** Sizes on the residual stream: this rank's rows. */
  readonly residual: (dims: OpDims) => OpDims
  /** Buffer name for partial sums that will be summed to `result`. */
  readonly partialOf: (result: string, dims: OpDims) => string
  /** Sums what the ranks wrote to `partialOf(result)`. */
  readonly sum: (result: string, dims: OpDims, place: PipelinePosition, subject: string, phase?: 'recompute') => void
  /** Buffer with all rows of `rows` after `gather`. */
  readonly wholeOf: (rows: string, dims: OpDims) => string
  /** Gathers all rows of a residual buffer into `wholeOf(rows)`, or into the caller's buffer. */
  readonly gather: (rows: string, dims: OpDims, place: PipelinePosition, subject: string, into?: string) => string
  /** Buffer for rows that are gathered a second time; the same buffer where nothing is gathered. */
  readonly gatheredAgain: (rows: string, dims: OpDims) => string
  /** `elements` of a buffer from all ranks, concatenated: in a buffer of its name with `suffix`. */
  readonly gatherAll: (
    source: string,
    suffix: string,
    elements: number,
    place: PipelinePosition,
    subject: string,
  ) => string
}

const NO_LINK: TensorLink = {
  residual: (dims) => dims,
  partialOf: (result) => result,
  sum: () => {},
  wholeOf: (rows) => rows,
  gather: (rows) => rows,
  gatheredAgain: (rows) => rows,
  gatherAll: (source) => source,
}

export function tensorGroup({ parallel }: RunConfig, at: Coordinates): number[] {
  return groupAlong(parallel, at, 'tensor')
}

/** The link of one rank; ops go to `writer`. */
export function tensorLink(writer: SegmentWriter, config: RunConfig, at: Coordinates): TensorLink {
  const { tensor, sequenceParallel } = config.parallel
  if (tensor === 1) return NO_LINK
  const group = tensorGroup(config, at)
  const shared = { group, lane: 'tensor', traffic: 'activations' as const }
  const parts = (elements: number) => group.map(() => elements / tensor)
  const gatherAll: TensorLink['gatherAll'] = (source, suffix, elements, place, subject) => {
    const target = writer.derived(source, suffix, elements * tensor)
    const ends = { source: [span(source, elements)], target: [span(target, elements * tensor)] }
    writer.push(
      collective('allGather', config, {
        ...shared,
        ...ends,
        ...place,
        traffic: 'scalars',
        subject,
        parts: group.map(() => elements),
      }),
    )
    return target
  }
  if (!sequenceParallel)
    return {
      ...NO_LINK,
      gatherAll,
      sum: (result, { rows, C }, place, subject, phase) => {
        const spans = [span(result, rows * C)]
        writer.push(
          collective('allReduce', config, { ...shared, ...place, subject, phase, source: spans, target: spans }),
        )
      },
    }
  return {
    residual: (dims) => ({ ...dims, rows: dims.rows / tensor }),
    partialOf: (result, { rows, C }) => writer.derived(result, '.partial', rows * C),
    sum: (result, { rows, C }, place, subject, phase) => {
      const partial = writer.derived(result, '.partial', rows * C)
      const ends = { source: [span(partial, rows * C)], target: [span(result, (rows * C) / tensor)] }
      writer.push(
        collective('reduceScatter', config, { ...shared, ...ends, ...place, subject, phase, parts: parts(rows * C) }),
      )
    },
    wholeOf: (rows, dims) => writer.derived(rows, '.whole', dims.rows * dims.C),
    gatheredAgain: (rows, dims) => writer.derived(rows, '.again', dims.rows * dims.C),
    gather: (rows, dims, place, subject, into = writer.derived(rows, '.whole', dims.rows * dims.C)) => {
      const elements = dims.rows * dims.C
      const ends = { source: [span(rows, elements / tensor)], target: [span(into, elements)] }
      writer.push(collective('allGather', config, { ...shared, ...ends, ...place, subject, parts: parts(elements) }))
      return into
    },
    gatherAll,
  }
}
