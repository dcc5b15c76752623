import fc from 'fast-check'

/*
 * Inputs over every field that decides what a Program is. Sizes are made to fit each other and most fields stand where they
 * mean something, so that most inputs are valid; some have fields that stray, which the rules are to refuse. Shrinks towards
 * one device and the defaults.
 */

/** Nearly always the usual value. */
function mostly<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 3, arbitrary: fc.constantFrom(...others) })
}

type Mesh = readonly [data: number, tensor: number, pipeline: number]

/** The smallest meshes that show what there is to show: what more ranks do, these do. */
const mesh = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Mesh>([1, 1, 1], [2, 1, 1], [2, 1, 1], [2, 1, 1], [1, 2, 1], [1, 1, 2]) },
  { weight: 5, arbitrary: fc.constantFrom<Mesh>([2, 1, 2], [2, 1, 2], [3, 1, 1], [2, 2, 1], [1, 2, 2], [1, 1, 3]) },
  { weight: 1, arbitrary: fc.constantFrom<Mesh>([3, 1, 2], [2, 2, 2], [2, 1, 3]) },
)

const shards = {
  zeroPartition: mostly('flat', 'greedy'),
  overlap: mostly(true, false),
}
const buckets = { bucketBytes: fc.constantFrom(26_214_400, 20_000, 2000), overlap: mostly(true, false) }

/** What replicas exchange, with the fields that belong to it. */
const exchange = fc.oneof(
  fc.record(buckets),
  fc.record({
    ...buckets,
    compression: fc.oneof(
      fc.constantFrom({ kind: 'fp16' }, { kind: 'int8' }),
      fc.record({ kind: fc.constant('topk'), ratio: mostly(0.01, 1), errorFeedback: mostly(true, false) }),
    ),
  }),
  fc.record({
    zero: fc.constant(1),
    ...shards,
    ...buckets,
    zeroReduce: fc.constantFrom('reduce-scatter', 'all-reduce'),
  }),
  fc.record({ zero: fc.constant(2), ...shards, ...buckets }),
  fc.record({
    zero: fc.constant(3),
    ...shards,
    fsdp: fc.record({
      wrap: fc.constantFrom<unknown>('block', 'all', { minParameters: 3000 }, [['wte', 'h.0'], ['ln_f']]),
      reshardAfterForward: mostly(true, false),
      cpuOffload: mostly(false, true),
    }),
  }),
  fc.record({ dataMode: fc.constant('data-parallel') }),
  fc.record({
    dataMode: fc.constant('parameter-server'),
    server: fc.oneof(
      fc.record({ at: fc.constantFrom('gpu0', 'cpu', 'sharded') }),
      fc.record({
        at: fc.constantFrom('gpu0', 'cpu', 'sharded'),
        async: fc.constant(true),
        maxStaleness: fc.constantFrom(0, 2),
      }),
    ),
  }),
)

const pipelined = fc.record({
  schedule: fc.constantFrom('1f1b', 'naive', 'gpipe', 'interleaved-1f1b', 'zb-h1', 'zb-h2', 'zb-v'),
  chunks: fc.constantFrom(2, 2, 2, 2, 3),
  partition: mostly('even', 'balanced', 'listed'),
})

/** A field that may stand where it does nothing. */
const stray = fc.constantFrom<object>(
  { server: { at: 'cpu' } },
  { server: { async: true } },
  { zero: 1 },
  { zero: 3, fsdp: { cpuOffload: true } },
  { zeroPartition: 'greedy' },
  { zeroReduce: 'all-reduce' },
  { fsdp: { wrap: 'all' } },
  { fsdp: { reshardAfterForward: false } },
  { compression: { kind: 'fp16' } },
  { bucketBytes: 2000 },
  { overlap: false },
  { sequenceParallel: true },
  { chunks: 2 },
  { schedule: 'gpipe' },
  { dataMode: 'data-parallel' },
  { dataMode: 'parameter-server' },
  { data: 1 },
  { pipeline: 2 },
  { tensor: 2 },
)

/** Where the order of micro-batches is not free, or two names mean the same order, the one that is right. */
function scheduleFor(schedule: string, pipeline: number, between: object): string {
  if ('dataMode' in between && !('server' in between)) return '1f1b'
  return pipeline === 1 && (schedule === 'naive' || schedule === 'gpipe') ? 'zb-h1' : schedule
}

export const randomInput = fc
  .record({
    exchange,
    pipelined,
    mesh,
    tensors: fc.record({ sequenceParallel: fc.boolean() }),
    recompute: mostly('none', 'selective', 'full'),
    collective: mostly('ring', 'tree', 'star'),
    moreLayers: fc.constantFrom(0, 0, 1),
    model: fc.record({
      heads: fc.constantFrom(2, 4),
      vocab: mostly(256, 259),
      context: mostly(8, 12),
      ffn: mostly(64, 24),
      tied: mostly(true, false),
    }),
    microbatches: fc.constantFrom(1, 2, 2, 3),
    moreSamples: fc.nat(3),
    shares: mostly('null', 'equal', 'unequal'),
    sequence: mostly(8, 4),
    optimizer: fc.oneof(
      fc.record({ gradClip: mostly(1, 0) }),
      fc.record({ kind: fc.constant('sgd'), gradClip: mostly(1, 0), momentum: mostly(0.9, 0) }),
    ),
    strays: fc.oneof(
      { weight: 7, arbitrary: fc.constant<object[]>([]) },
      { weight: 1, arbitrary: fc.array(stray, { maxLength: 2 }) },
    ),
  })
  .map(({ exchange: between, pipelined: drawn, model, tensors, ...pick }) => {
    const alone = 'dataMode' in between
    const [data, tensor, pipeline] = alone ? ([Math.max(2, pick.mesh[0]), 1, 1] as const) : pick.mesh
    const order = { ...drawn, schedule: scheduleFor(drawn.schedule, pipeline, between) }
    const chunks = order.schedule === 'interleaved-1f1b' ? order.chunks : order.schedule === 'zb-v' ? 2 : 1
    const stages = pipeline * chunks
    const layers = stages + pick.moreLayers
    const microbatches =
      order.schedule === 'interleaved-1f1b' ? pipeline * (pick.microbatches > 2 ? 2 : 1) : pick.microbatches
    const unequal = pick.shares === 'unequal' && data > 1
    const listed = Array.from({ length: stages }, (_, i) => (i === stages - 1 ? layers - stages + 1 : 1))
    const parallel = {
      data,
      tensor,
      pipeline,
      ...(data > 1 ? between : {}),
      ...order,
      chunks,
      partition: stages === 1 ? 'even' : order.partition === 'listed' ? listed : order.partition,
      ...(tensor > 1 ? tensors : {}),
      recompute: pick.recompute,
      collective: data * tensor > 1 && !('server' in between) ? pick.collective : 'ring',
    }
    return {
      model: { ...model, layers, embed: 16 },
      batch: {
        microbatches,
        global: data * microbatches * (unequal ? 2 : 1) + pick.moreSamples,
        sequence: pick.sequence,
        shares:
          pick.shares === 'null' || data === 1
            ? null
            : Array.from({ length: data }, (_, i) => (unequal && i === 0 ? 2 : 1)),
      },
      optimizer: pick.optimizer,
      parallel: pick.strays.reduce<object>((all, each) => ({ ...all, ...each }), parallel),
    }
  })
