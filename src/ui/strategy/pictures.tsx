import type { StrategyId } from '../../state/strategies.ts'

const device = (x: number, y: number, fill: string, w = 10, h = 10) => (
  <rect key={`${x} ${y}`} x={x} y={y} width={w} height={h} rx="1.5" fill={fill} stroke="currentColor" />
)
const link = (d: string) => <path key={d} d={d} stroke="currentColor" fill="none" />

/** What a strategy does to the model, in one glance: full boxes hold everything, slices a part. */
const PICTURES: Record<StrategyId, React.ReactNode> = {
  single: device(19, 7, 'var(--op-forward)', 10, 14),
  ddp: [4, 19, 34].map((x) => device(x, 7, 'var(--op-forward)', 10, 14)).concat([link('M14 14h5M29 14h5')]),
  dataParallel: [device(19, 2, 'var(--op-backwardInput)', 10, 10), device(4, 16, 'none'), device(19, 16, 'none'), device(34, 16, 'none'), link('M22 12 9 16M24 12v4M26 12l13 4')],
  server: [device(18, 2, 'var(--op-optimizer)', 12, 9), device(4, 16, 'var(--op-forward)'), device(34, 16, 'var(--op-forward)'), link('M20 11 10 16M28 11l10 5')],
  pipeline: [device(4, 9, 'var(--op-forward)'), device(19, 9, 'var(--op-backwardInput)'), device(34, 9, 'var(--op-optimizer)'), link('M14 14h5M29 14h5')],
}

export function StrategyPicture({ id }: { readonly id: StrategyId }) {
  return (
    <svg viewBox="0 0 48 28" width="48" height="28" aria-hidden="true">
      {PICTURES[id]}
    </svg>
  )
}
