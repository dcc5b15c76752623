/** The first look, and the longest wait between two, in milliseconds. */
const FIRST_WAIT = 1
const LONGEST_WAIT = 16

/**
 * Waits for a buffer to be mapped or for work to be done. Firefox notices either when work is submitted, and otherwise every
 * 100 ms only: until then nothing is submitted, again and again.
 */
export async function pollUntil(queue: GPUQueue, pending: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const poll = (wait: number) => {
    timer = setTimeout(() => {
      queue.submit([])
      poll(Math.min(2 * wait, LONGEST_WAIT))
    }, wait)
  }
  poll(FIRST_WAIT)
  try {
    await pending
  } finally {
    clearTimeout(timer)
  }
}
