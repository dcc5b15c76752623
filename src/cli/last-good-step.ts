import { blobSource } from '../checkpoint/safetensors.ts'
import type { Checkpoint } from '../checkpoint/store.ts'
import { readCheckpoint } from '../checkpoint/store.ts'
import type { Run, RunOptions } from '../cluster/run.ts'
import { startRun } from '../cluster/run.ts'

/** A run is kept on the way where going through it again would take longer than this. */
const CHECKPOINT_INTERVAL_MILLISECONDS = 30_000
/** At most this share of a run's time goes into keeping it. */
const MAX_CHECKPOINT_SHARE = 0.05

/**
 * The state after the last good step of a run that failed. The weights of that step are gone by then: the same steps are made
 * again, which gives them bit for bit, from the beginning or from a checkpoint that was taken on the way.
 */
export class LastGoodStep {
  private checkpoint: Blob | null = null
  private saving = false
  private readonly start = performance.now()
  private lastSaved = this.start
  private savingMilliseconds = 0

  /** @param configureRun says what a run keeps after its end */
  constructor(
    private readonly options: RunOptions,
    private readonly configureRun: (run: Run) => void,
    private readonly interval = CHECKPOINT_INTERVAL_MILLISECONDS,
  ) {}

  /** After a step of `run`: keeps it now and then, between two steps. */
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
      // A run that cannot be kept, or is over by then, is gone through from its beginning.
      .catch(() => undefined)
      .finally(() => {
        this.saving = false
        this.lastSaved = performance.now()
        this.savingMilliseconds += this.lastSaved - now
      })
  }

  /**
   * A finished run that stands after `steps` steps. Throws when it fails again before.
   */
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
