import { areaSvg, type AreaPart } from '../../export/area-svg.ts'
import { scatterSvg } from '../../export/scatter-svg.ts'
import { totalBytes, type MemoryCurve } from '../../sim/memory-curve.ts'
import { describeCandidate, type LayoutWords } from '../../sim/planner/candidates.ts'
import type { PlannerResult } from '../../sim/planner/plan.ts'
import type { ClockedCandidate } from '../../sim/planner/clocked-candidate.ts'
import type { SimulatedResult } from '../../sim/simulate.ts'
import { capacityOf, fullestBytes } from '../../state/capacity.ts'
import { isComparable } from '../../state/comparable.ts'
import { formatBytes, formatCount, formatSeconds, formatWhole } from '../format.ts'
import type { SimulateText } from '../simulate/text-en.ts'
import type { Text } from '../text/text.ts'
import { ACCENT, DANGER, FAINT_INK, MEMORY_FILL } from './light-colours.ts'
import { memoryParts } from './memory-parts.ts'
import { captionOf } from './pictures.ts'

const peakOf = ({ bytes }: MemoryCurve) => Math.max(...bytes.map(totalBytes))

/** Live bytes over the step of the device with the highest peak. */
export function memorySvg(
  { config }: SimulatedResult,
  curves: readonly [MemoryCurve, ...MemoryCurve[]],
  text: Text,
  simulate: SimulateText,
): string {
  const fullest = curves.reduce((most, each) => (peakOf(each) > peakOf(most) ? each : most))
  const { bytes: limit, isBudget } = capacityOf(config)
  const cached: AreaPart = {
    name: simulate.cached,
    fill: MEMORY_FILL.cached,
    hatch: 'plain',
    values: fullest.bytes.map((bytes) => bytes.cached),
  }
  const parts = [...memoryParts(text).map(({ of, ...look }) => ({ ...look, values: fullest.bytes.map(of) })), cached]
  const where = `${simulate.stage(fullest.coordinates.pipeline)}, rank ${fullest.rank}`
  return areaSvg({
    title: simulate.overTime,
    subtitle: [captionOf(config), config.cluster.device, where, formatBytes(peakOf(fullest))].join(' · '),
    xLabel: simulate.time0,
    moments: fullest.seconds,
    end: fullest.stepSeconds,
    parts: parts.filter(({ values }) => values.some((value) => value > 0)),
    limit: { value: limit, name: simulate.capacity(formatBytes(limit), isBudget) },
    xText: formatSeconds,
    yText: formatBytes,
  })
}

/** Every clocked layout by memory and speed, as the page plots them. */
export function layoutsSvg(
  plan: PlannerResult,
  present: SimulatedResult | null,
  title: string,
  simulate: SimulateText,
  words: LayoutWords,
): string {
  const onFront = new Set(plan.front)
  const point = ({ candidate, memoryBytes, tokensPerSecond }: ClockedCandidate) => ({
    name: describeCandidate(candidate, words),
    x: memoryBytes,
    y: tokensPerSecond,
  })
  const isBudget = plan.best.cluster.memoryBytes !== null
  const { device } = plan.best.cluster
  return scatterSvg({
    title,
    subtitle: `${plan.best.model.preset ?? ''} ${formatWhole(plan.devices)} × ${device} · ${simulate.virtual}`.trim(),
    xLabel: `${simulate.fullest}, ${simulate.predicted}`,
    yLabel: `${simulate.tokens}, ${simulate.virtual}`,
    groups: [
      {
        name: simulate.layouts,
        color: FAINT_INK,
        sign: 'circle',
        joined: false,
        points: plan.ranked.filter((each) => !onFront.has(each)).map(point),
      },
      { name: simulate.frontShort, color: ACCENT, sign: 'diamond', joined: true, points: plan.front.map(point) },
      ...(present !== null && isComparable(present, plan)
        ? [
            {
              name: simulate.present,
              color: DANGER,
              sign: 'cross' as const,
              joined: false,
              points: [{ name: simulate.present, x: fullestBytes(present), y: present.tokensPerSecond?.virtual ?? 0 }],
            },
          ]
        : []),
    ],
    limit: { value: plan.budgetBytes, name: simulate.capacity(formatBytes(plan.budgetBytes), isBudget) },
    xText: formatBytes,
    yText: formatCount,
  })
}
