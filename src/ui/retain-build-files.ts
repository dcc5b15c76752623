/** While this tab is open, the service worker keeps the files of its build (public/service-worker.js). */
export function retainBuildFiles(): void {
  if (!('locks' in navigator)) return
  const name = `tabcluster build ${import.meta.url}`
  navigator.locks.request(name, { mode: 'shared' }, () => new Promise(() => {})).catch(() => undefined)
}
