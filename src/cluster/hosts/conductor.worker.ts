import { blobSource, openSafetensors } from '../../checkpoint/safetensors.ts'
import { readCheckpoint } from '../../checkpoint/store.ts'
import type { RunConfig } from '../../config/types.ts'
import { RankError, refused, faultOf } from '../../core/errors.ts'
import { renameRefusedField } from '../../core/rename-refused-field.ts'
import { prepareDataset } from '../../data/prepare.ts'
import type { TokenizerState } from '../../data/tokenizers/tokenizer.ts'
import { openDevice } from '../../gpu/device.ts'
import type { MeasuredDevice } from '../../sim/cost/measured-device.ts'
import type {
  ConductorCall,
  ConductorReply,
  ConductorRequest,
  ConductorValue,
  PageSources,
} from '../conductor-protocol.ts'
import type { GivenWeights } from '../given-weights.ts'
import { openGivenWeights } from '../given-weights.ts'
import { measureDevice } from '../measure-device.ts'
import { checkParity } from '../parity.ts'
import type { Run } from '../run.ts'
import { startRun } from '../run.ts'
import type { RunEvent } from '../run-events.ts'
import { webWorkerHost } from './web-workers.ts'

/** Conducts one run off the page's main thread: data, Program and coordination. */
let run: Run | null = null

const post = (reply: ConductorReply) => self.postMessage(reply)
const postEvent = (event: RunEvent) => post({ kind: 'event', event })

function datasetOf(config: RunConfig, sources: PageSources, tokenizer: TokenizerState | null = null) {
  const { text, tokens } = sources
  return prepareDataset(
    config,
    {
      ...(tokenizer === null ? {} : { tokenizer }),
      ...(text === undefined ? {} : { readText: async () => text }),
      ...(tokens === undefined ? {} : { readBytes: async () => new Uint8Array(tokens) }),
    },
    (what, fraction, detail) => postEvent({ kind: 'progress', what, fraction, detail }),
  )
}

/** The file to start from, checked against the configuration; null where weights are random. */
async function givenWeights(config: RunConfig, sources: PageSources): Promise<GivenWeights | null> {
  const { weights, checkpoint } = sources
  // A checkpoint has its own weights.
  if (!weights || checkpoint) return null
  const field = 'weights'
  const file = await renameRefusedField('safetensors', field, () => openSafetensors(blobSource(weights)))
  return openGivenWeights(config, file, {
    field,
    progress: (fraction, detail) => postEvent({ kind: 'progress', what: 'weights', fraction, detail }),
  })
}

async function start(call: Extract<ConductorCall, { kind: 'start' }>): Promise<void> {
  const { config, sources, paused, ticksPerSecond, evaluateEvery, keepWeights } = call
  const given = await givenWeights(config, sources)
  const dataset = await datasetOf(config, sources, given?.tokenizer)
  const init = await given?.load()
  const resume = sources.checkpoint
    ? await readCheckpoint(blobSource(sources.checkpoint), (fraction, detail) =>
        postEvent({ kind: 'progress', what: 'weights', fraction, detail }),
      )
    : null
  run = await startRun({
    config,
    dataset,
    host: webWorkerHost,
    ...(init ? { init } : {}),
    ...(resume ? { resume } : {}),
    evaluateEvery,
    startPaused: paused,
    ticksPerSecond,
    onEvent: postEvent,
  })
  run.keepWeights = keepWeights
}

async function measure({ config, known }: Extract<ConductorCall, { kind: 'measure' }>): Promise<MeasuredDevice> {
  const gpu = await openDevice({ gpu: navigator.gpu })
  try {
    return await measureDevice(gpu, config, known, (done, of) =>
      postEvent({ kind: 'progress', what: 'calibrate', fraction: done / of, detail: `${done}/${of}` }),
    )
  } finally {
    gpu.dispose()
  }
}

function started(): Run {
  if (!run) throw refused('run', 'nothing-is-running')
  return run
}

async function answer({ id, call }: ConductorRequest): Promise<ConductorValue> {
  switch (call.kind) {
    case 'start':
      await start(call)
      return { kind: 'nothing' }
    case 'pause':
      await started().pause(call.at)
      return { kind: 'nothing' }
    case 'resume':
      started().resume()
      return { kind: 'nothing' }
    case 'pace':
      started().pace(call.ticksPerSecond)
      return { kind: 'nothing' }
    case 'advance':
      await started().advance(call.by)
      return { kind: 'nothing' }
    case 'generate':
      return { kind: 'text', text: await started().generate(call.request, (text) => post({ kind: 'text', id, text })) }
    case 'evaluate':
      return { kind: 'inference', report: await started().evaluate() }
    case 'soFar':
      return { kind: 'result', result: await started().soFar() }
    case 'weights':
      return { kind: 'bytes', bytes: new Uint8Array(await started().weights()) }
    case 'checkpoint':
      return { kind: 'blob', blob: await started().checkpoint() }
    case 'stop':
      return { kind: 'result', result: await started().stop() }
    case 'parity': {
      const dataset = await datasetOf(call.config, call.sources)
      return { kind: 'parity', report: await checkParity(call.config, dataset, webWorkerHost) }
    }
    case 'measure':
      return { kind: 'measured', measured: await measure(call) }
  }
}

// The page is notified of exceptions, but not of unhandled rejections.
self.addEventListener('unhandledrejection', (event) => reportError(event.reason))

self.addEventListener('message', (event: MessageEvent<ConductorRequest>) => {
  const { id } = event.data
  answer(event.data).then(
    (value) => post({ kind: 'answer', id, value }),
    (error: unknown) =>
      post({
        kind: 'refusal',
        id,
        fault: faultOf(error),
      }),
  )
})

// The page is notified of exceptions only; an unhandled rejection ends the run as well. The run itself reports a rank's
// failure.
self.addEventListener('unhandledrejection', (event) => {
  if (event.reason instanceof RankError) return
  event.preventDefault()
  post({ kind: 'crashed', fault: faultOf(event.reason) })
})
