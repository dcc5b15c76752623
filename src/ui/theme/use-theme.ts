import { useEffect, useState } from 'react'
import { usePage, useSlice } from '../page-context.ts'

const QUERY = '(prefers-color-scheme: dark)'

/** The theme in force: the chosen one, or the system's. */
export function useResolvedTheme(): 'light' | 'dark' {
  const theme = useSlice(usePage().settings, (settings) => settings.theme)
  const [dark, setDark] = useState(() => matchMedia(QUERY).matches)
  useEffect(() => {
    const query = matchMedia(QUERY)
    const change = () => setDark(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [])
  return theme === 'auto' ? (dark ? 'dark' : 'light') : theme
}
