import { blobSource } from '../checkpoint/safetensors.ts'
import type { Checkpoint } from '../checkpoint/store.ts'
import { readCheckpoint } from '../checkpoint/store.ts'
import type { Run, RunOptions } from '../cluster/run.ts'
import { startRun } from '../cluster/run.ts'

/** A run is kept on the way where going through it again would take longer than this. */
const KEEP_EVERY_MILLISECONDS = 30_000
/** At most this share of a run's time goes into keeping it. */
const KEPT_SHARE = 0.05

/**
 * The state after the last good step of a run that failed. The weights of that step are gone by then: the same steps are made
 * again, which gives them bit for bit, from the beginning or from a checkpoint that was taken on the way.
 */
export class LastGoodStep {
  private kept: Blob | null = null
  private keeping = false
  private readonly start = performance.now()
  private since = this.start
  private spent = 0

  /** @param keep says what a run keeps after its end */
  constructor(
    private readonly options: RunOptions,
    private readonly keep: (run: Run) => void,
    private readonly every = KEEP_EVERY_MILLISECONDS,
  ) {}

  /** After a step of `run`: keeps it now and then, between two steps. */
  afterStep(run: Run): void {
    const now = performance.now()
    const due = now - this.since > this.every && this.spent < KEPT_SHARE * (now - this.start)
    if (!due || this.keeping) return
    this.keeping = true
    run
      .checkpoint()
      .then((file) => {
        this.kept = file
      })
      // A run that cannot be kept, or is over by then, is gone through from its beginning.
      .catch(() => undefined)
      .finally(() => {
        this.keeping = false
        this.since = performance.now()
        this.spent += this.since - now
      })
  }

  /**
   * A finished run that stands after `steps` steps. Throws when it fails again before.
   */
  async again(steps: number): Promise<Run> {
    const { init, resume: given, ...options } = this.options
    const resume: Checkpoint | undefined = this.kept === null ? given : await readCheckpoint(blobSource(this.kept))
    const start = resume ? { resume } : init ? { init } : {}
    const run = await startRun({ ...options, ...start, startPaused: true })
    this.keep(run)
    for (let step = resume?.step ?? 0; step < steps; step++) await run.advance('step')
    await run.stop()
    return run
  }
}
