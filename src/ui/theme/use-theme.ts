import { useSyncExternalStore } from 'react'
import { usePage, useSlice } from '../page-context.ts'

const QUERY = '(prefers-color-scheme: dark)'

function subscribe(changed: () => void): () => void {
  const query = matchMedia(QUERY)
  query.addEventListener('change', changed)
  return () => query.removeEventListener('change', changed)
}

/** The effective theme: the chosen one, or the system's. */
export function useResolvedTheme(): 'light' | 'dark' {
  const theme = useSlice(usePage().settings, (settings) => settings.theme)
  // Queried again after subscribing: a change since the first paint is not lost.
  const dark = useSyncExternalStore(subscribe, () => matchMedia(QUERY).matches)
  return theme === 'auto' ? (dark ? 'dark' : 'light') : theme
}
