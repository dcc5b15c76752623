const RELOADED = 'tabcluster.reloaded'

/**
 * On a host that sends no headers of cross-origin isolation: a service worker adds them, from the next load on. That load is
 * made at once when `mayReload` says so, and once only. Whatever fails, the page works without shared memory.
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
    // No storage, no room, no permission: ranks exchange transferred buffers instead.
  }
}
