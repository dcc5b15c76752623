/** How long data processing may occupy its thread before it yields. */
const SLICE_MILLISECONDS = 25

/**
 * Lets a long computation yield: `await pace()` after every small piece is nearly free until the time slice is used up,
 * then yields once, so that a cancellation gets through. Throws the signal's reason when aborted.
 */
export function pacer(signal?: AbortSignal): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    signal?.throwIfAborted()
    if (performance.now() - since < SLICE_MILLISECONDS) return undefined
    return new Promise<void>((resolve) => setTimeout(resolve, 0)).then(() => {
      since = performance.now()
      signal?.throwIfAborted()
    })
  }
}
