const RELOADED = 'tabcluster.reloaded'

/**
 * On a host without cross-origin isolation headers, a service worker adds them from the next load on. If `mayReload`
 * allows it, the page reloads at once, and only once. If anything fails, the page works without shared memory.
 */
export async function isolate(mayReload: () => boolean): Promise<void> {
  if (crossOriginIsolated || !('serviceWorker' in navigator)) return
  try {
    await navigator.serviceWorker.register('./service-worker.js')
    await navigator.serviceWorker.ready
    if (sessionStorage.getItem(RELOADED) !== null || !mayReload()) return
    sessionStorage.setItem(RELOADED, 'yes')
    location.reload()
  } catch {
    // No storage, space or permission: ranks exchange transferred buffers instead.
  }
}
