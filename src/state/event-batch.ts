/**
 * Collects items and delivers them at most every `milliseconds`, so that a fast run does not flood the page with
 * updates.
 */
export interface Batch<T> {
  add(item: T, flushNow?: boolean): void
  flush(): void
  cancel(): void
}

export function createBatch<T>(milliseconds: number, handle: (items: readonly T[]) => void): Batch<T> {
  let items: T[] = []
  let timer: ReturnType<typeof setTimeout> | null = null
  const flush = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (items.length === 0) return
    const ready = items
    items = []
    handle(ready)
  }
  return {
    add(item, flushNow = false) {
      items.push(item)
      if (flushNow) flush()
      else timer ??= setTimeout(flush, milliseconds)
    },
    flush,
    cancel() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      items = []
    },
  }
}
