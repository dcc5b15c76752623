/**
 * One executed op; times in seconds since the run's clock started. Spans of compute ops are per submit unless traced.
 */
export interface ExecutedSpan {
  readonly rank: number
  readonly op: number
  readonly step: number
  readonly stream: string
  readonly start: number
  readonly end: number
}
