import { refused } from '../core/errors.ts'

/** Addresses allowed by the page's Content-Security-Policy (vite.config.ts). */
const ALLOWED = /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?\/)/

export const isDownloadable = (url: string): boolean => URL.canParse(url) && ALLOWED.test(url)

/**
 * Downloads weights from a user's address. Throws RefusedError where it cannot be read, or the signal's reason when
 * aborted.
 */
export async function downloadWeights(
  url: string,
  progress: (bytes: number, total: number | null) => void,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly file: Blob }> {
  if (!isDownloadable(url)) throw refused('weights', 'address-not-downloadable', { url })
  const response = await fetch(url, { signal, credentials: 'omit', referrerPolicy: 'no-referrer' }).catch(() => {
    signal.throwIfAborted()
    // A browser does not tell a page which it was.
    throw refused('weights', 'address-unreadable', { url })
  })
  if (!response.ok || !response.body)
    throw refused('weights', 'address-answers', { url, status: response.status, statusText: response.statusText })
  const total = Number(response.headers.get('content-length')) || null
  const parts: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    bytes += value.length
    progress(bytes, total)
  }
  return { name: new URL(url).pathname.split('/').at(-1) || url, file: new Blob(parts) }
}
