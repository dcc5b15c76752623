/** How long work on data may hold its thread before it lets others run. */
const SLICE_MILLISECONDS = 25

/**
 * Lets a long computation breathe: `await pace()` at every small piece costs next to nothing until the slice is used up,
 * then yields once, so that a cancel is heard. Throws the signal's reason when it is aborted.
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
