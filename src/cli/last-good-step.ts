import { blobSource } from '../checkpoint/safetensors.ts'
import type { Checkpoint } from '../checkpoint/store.ts'
import { readCheckpoint } from '../checkpoint/store.ts'
import type { Run, RunOptions } from '../cluster/run.ts'
import { startRun } from '../cluster/run.ts'

/** A checkpoint is taken where repeating the run so far would take longer than this. */
const CHECKPOINT_INTERVAL_MILLISECONDS = 30_000
/** At most this share of a run's time is spent on checkpoints. */
const MAX_CHECKPOINT_SHARE = 0.05

/**
 * The state after the last good step of a failed run. The weights of that step no longer exist, so the steps are run
 * again, with bit-identical results, from the start or from an intermediate checkpoint.
 */
export class LastGoodStep {
  private checkpoint: Blob | null = null
  private saving = false
  private readonly start = performance.now()
  private lastSaved = this.start
  private savingMilliseconds = 0

  /** @param configureRun sets what a run keeps after its end */
  constructor(
    private readonly options: RunOptions,
    private readonly configureRun: (run: Run) => void,
    private readonly interval = CHECKPOINT_INTERVAL_MILLISECONDS,
  ) {}

  /** Called after a step of `run`: takes a checkpoint when one is due, between two steps. */
  afterStep(run: Run): void {
    const now = performance.now()
    const due =
      now - this.lastSaved > this.interval && this.savingMilliseconds < MAX_CHECKPOINT_SHARE * (now - this.start)
    if (!due || this.saving) return
    this.saving = true
    run
      .checkpoint()
      .then((file) => {
        this.checkpoint = file
      })
      // A run that cannot be checkpointed, or is over by then, is repeated from its start.
      .catch(() => undefined)
      .finally(() => {
        this.saving = false
        this.lastSaved = performance.now()
        this.savingMilliseconds += this.lastSaved - now
      })
  }

  /** A finished run of `steps` steps. Throws when it fails again before that. */
  async rerun(steps: number): Promise<Run> {
    const { init, resume: given, ...options } = this.options
    const resume: Checkpoint | undefined =
      this.checkpoint === null ? given : await readCheckpoint(blobSource(this.checkpoint))
    const start = resume ? { resume } : init ? { init } : {}
    const run = await startRun({ ...options, ...start, startPaused: true })
    this.configureRun(run)
    for (let step = resume?.step ?? 0; step < steps; step++) await run.advance('step')
    await run.stop()
    return run
  }
}
