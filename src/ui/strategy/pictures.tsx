import type { StrategyId } from '../../state/strategies.ts'

const device = (x: number, y: number, fill: string, w = 10, h = 10) => (
  <rect key={`${x} ${y}`} x={x} y={y} width={w} height={h} rx="1.5" fill={fill} stroke="currentColor" />
)
const block = (x: number, y: number, w: number, h: number, fill: string) => (
  <rect key={`b ${x} ${y}`} x={x} y={y} width={w} height={h} fill={fill} />
)
const link = (d: string, dashed = false) => (
  <path key={d} d={d} stroke="currentColor" fill="none" {...(dashed ? { strokeDasharray: '2 1.5' } : {})} />
)

const COLUMNS = [4, 19, 34]
const STATE = ['var(--cat-parameters)', 'var(--cat-gradients)', 'var(--cat-optimizer)']

/**
 * Parameters, gradients and optimizer state in each of three devices; the last `sharded` of them hold only a third
 * each.
 */
const shards = (sharded: number) => [
  ...COLUMNS.flatMap((x, i) => [
    ...STATE.map((fill, row) =>
      row >= STATE.length - sharded
        ? block(x + (i * 10) / 3, 4 + row * 7, 10 / 3, 6, fill)
        : block(x, 4 + row * 7, 10, 6, fill),
    ),
    device(x, 3, 'none', 10, 22),
  ]),
  link('M14 14h5M29 14h5'),
]

/** A pictogram of what a strategy does to the model: full boxes hold everything, slices a part. */
const PICTURES: Record<StrategyId, React.ReactNode> = {
  single: device(19, 7, 'var(--op-forward)', 10, 14),
  ddp: COLUMNS.map((x) => device(x, 7, 'var(--op-forward)', 10, 14)).concat([link('M14 14h5M29 14h5')]),
  compressed: [
    device(4, 7, 'var(--op-forward)', 10, 14),
    device(34, 7, 'var(--op-forward)', 10, 14),
    link('M14 9l6 4h8l6 -4M14 19l6 -4h8l6 4'),
    block(21, 13, 6, 2, 'var(--op-communication)'),
  ],
  dataParallel: [
    device(19, 2, 'var(--op-backwardInput)', 10, 10),
    device(4, 16, 'none'),
    device(19, 16, 'none'),
    device(34, 16, 'none'),
    link('M22 12 9 16M24 12v4M26 12l13 4'),
  ],
  server: [
    device(18, 2, 'var(--op-optimizer)', 12, 9),
    device(4, 16, 'var(--op-forward)'),
    device(34, 16, 'var(--op-forward)'),
    link('M20 11 10 16M28 11l10 5'),
  ],
  asyncServer: [
    device(18, 2, 'var(--op-optimizer)', 12, 9),
    device(4, 13, 'var(--op-forward)'),
    device(19, 17, 'var(--op-recompute)'),
    device(34, 16, 'none'),
    link('M18 8 12 13'),
    link('M24 11v6M30 8l8 8', true),
  ],
  zero1: shards(1),
  zero2: shards(2),
  zero3: shards(3),
  tensor: [
    ...COLUMNS.flatMap((x, i) => [
      block(x + (i * 10) / 3, 8, 10 / 3, 12, 'var(--op-forward)'),
      device(x, 7, 'none', 10, 14),
    ]),
    link('M9 7V3h30v4M24 3v4M9 21v4h30v-4M24 21v4'),
  ],
  pipeline: [
    device(4, 9, 'var(--op-forward)'),
    device(19, 9, 'var(--op-backwardInput)'),
    device(34, 9, 'var(--op-optimizer)'),
    link('M14 14h5M29 14h5'),
  ],
  hybrid: [
    ...[2, 16].flatMap((y) => [
      block(6, y, 7, 10, 'var(--op-forward)'),
      block(29, y, 7, 10, 'var(--op-backwardInput)'),
      device(6, y, 'none', 14, 10),
      device(29, y, 'none', 14, 10),
      link(`M13 ${y}v10M36 ${y}v10M20 ${y + 5}h9`),
    ]),
    link('M13 12v4M36 12v4'),
  ],
}

export function StrategyPicture({ id }: { readonly id: StrategyId }) {
  return (
    <svg viewBox="0 0 48 28" width="48" height="28" aria-hidden="true">
      {PICTURES[id]}
    </svg>
  )
}
