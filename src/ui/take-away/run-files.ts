import { FaultError } from '../../core/errors.ts'
import { sentence } from '../../core/fault.ts'
import type { RunResult } from '../../config/result.ts'
import { downloadName } from '../../export/file-name.ts'
import { ranksCsv, stepsCsv } from '../../export/tables.ts'
import { executedTrace, idealTrace } from '../../export/timeline-trace.ts'
import type { Page } from '../../state/page.ts'
import { withOrigin } from '../../state/run-state.ts'
import { formatSeconds, significant } from '../format.ts'
import type { Text } from '../text/text.ts'
import { executedCells } from '../timeline/executed.ts'
import type { ShownCluster } from '../use-shown-cluster.ts'
import { pictureFiles } from './files.ts'
import type { FileEntry, FileGroup, FileRow, FileFormat } from './files.ts'
import { captionOf, curveSvg, ranksSvg } from './pictures.ts'
import type { TakeAwayText } from './text.ts'

/** The measurements so far; the run continues. */
async function resultOf({ run }: Page): Promise<RunResult> {
  const { result, sources } = run.getState()
  const handle = run.handle()
  if (result !== null) return result
  if (handle === null) throw new FaultError(sentence('no-run'))
  return withOrigin(await handle.soFar(), sources)
}

/** All downloads of the Run place. A checkpoint goes next to the weights, in the last group. */
export function runFiles(page: Page, shown: ShownCluster, text: Text, own: TakeAwayText): FileGroup[] {
  const { phase, step, config, plan, ranks } = page.run.getState()
  const { loss, validation, speed, stalenessMean, stalenessMost } = page.run.curves
  const measured = config ?? shown.config
  const file = (format: FileFormat, what: string, make: FileEntry['make']): FileEntry => ({
    format,
    name: downloadName(measured, what, format === 'trace' ? 'trace.json' : format),
    make,
  })
  const picture = (what: string, draw: () => string) =>
    pictureFiles((extension) => downloadName(measured, what, extension), draw)
  const row = (id: keyof TakeAwayText['rows'], reason: string | null, entries: readonly FileEntry[]): FileRow => ({
    id,
    title: own.rows[id],
    reason,
    entries,
  })
  const nothing = step === null ? own.why.noStep : null

  const adapter = ranks.find((rank) => rank.adapter !== null)?.adapter
  const device = adapter ? [adapter.vendor, adapter.architecture].filter((part) => part !== '').join(' ') : ''
  const about = (how: string) => [captionOf(measured), device, how].filter((part) => part !== '').join(' · ')
  const curve = (
    title: string,
    yLabel: string,
    first: Parameters<typeof curveSvg>[0]['first'],
    second?: typeof first,
  ) =>
    curveSvg(
      {
        title,
        subtitle: about(own.measured),
        yLabel,
        first,
        ...(second ? { second } : {}),
        fromZero: first[1] !== loss,
      },
      own,
    )

  const spans = page.run.spans()
  // The newest spans may be of an unfinished step.
  const whole = spans.filter((span) => span.step === step?.step)
  const executedReason = plan === null || whole.length === 0 ? own.why.noSpans : null
  const executed = () => {
    if (plan === null || step === null) throw new Error(own.why.noSpans)
    return ranksSvg(
      {
        title: own.executedTitle(String(step.step + 1)),
        subtitle: about(own.contended),
        xLabel: own.time,
        rows: plan.world,
        cells: executedCells(whole, plan),
        timeName: formatSeconds,
      },
      text,
    )
  }
  const { plan: shownPlan } = shown
  const idealReason = shownPlan === null ? own.why.noPlan : null
  const ideal = () =>
    ranksSvg(
      {
        title: own.idealTitle,
        subtitle: `${captionOf(shown.config)} · ${own.predicted}`,
        xLabel: own.tick,
        rows: shownPlan?.world ?? 1,
        cells: shownPlan?.ideal.spans ?? [],
        timeName: significant,
      },
      text,
    )
  const idealName = (extension: string) => downloadName(shown.config, 'ideal', extension)
  const weightsReason =
    phase === 'failed' ? own.why.failed : page.run.handle() === null || step === null ? own.why.noRun : null

  return [
    {
      title: own.groups.results,
      rows: [
        row('result', nothing, [
          file('json', 'result', async () => `${JSON.stringify(await resultOf(page), null, 2)}\n`),
        ]),
        row('steps', nothing, [file('csv', 'steps', async () => stepsCsv((await resultOf(page)).steps ?? []))]),
        row('ranks', nothing, [file('csv', 'ranks', async () => ranksCsv((await resultOf(page)).ranks ?? []))]),
      ],
    },
    {
      title: own.groups.charts,
      rows: [
        row(
          'loss',
          nothing,
          picture('loss', () => curve(own.lossTitle, own.lossTitle, [text.train, loss], [text.validation, validation])),
        ),
        row(
          'speed',
          nothing,
          picture('tokens-per-second', () =>
            curve(own.speedTitle, text.tokensPerSecond, [text.tokensPerSecond, speed]),
          ),
        ),
        ...(stalenessMean.length === 0
          ? []
          : [
              row(
                'staleness',
                null,
                picture('staleness', () =>
                  curve(
                    own.stalenessTitle,
                    own.stalenessTitle,
                    [text.stalenessColumns.mean, stalenessMean],
                    [text.stalenessColumns.most, stalenessMost],
                  ),
                ),
              ),
            ]),
      ],
    },
    {
      title: own.groups.timeline,
      rows: [
        row('ideal', idealReason, [
          ...pictureFiles(idealName, ideal),
          {
            format: 'trace',
            name: idealName('trace.json'),
            make: () => JSON.stringify(idealTrace(shownPlan?.ideal.spans ?? [])),
          },
        ]),
        row('executed', executedReason, [
          ...picture('executed', executed),
          file('trace', 'executed', () =>
            JSON.stringify(executedTrace(spans, (rank, op) => plan?.describe(rank, op) ?? null)),
          ),
        ]),
      ],
    },
    {
      title: own.groups.model,
      rows: [
        row('weights', weightsReason, [
          file('safetensors', 'weights', async () => {
            const handle = page.run.handle()
            if (handle === null) throw new Error(own.why.noRun)
            return new Uint8Array(await handle.weights())
          }),
        ]),
      ],
    },
  ]
}
