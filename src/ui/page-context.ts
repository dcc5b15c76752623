import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import type { StoreApi } from 'zustand/vanilla'
import type { AddressSync } from '../state/address-sync.ts'
import type { Page } from '../state/page.ts'

export const PageContext = createContext<Page | null>(null)

export const LinksContext = createContext<AddressSync | null>(null)

export function useLinks(): AddressSync {
  const links = useContext(LinksContext)
  if (links === null) throw new Error('useLinks outside of a LinksContext')
  return links
}

export function usePage(): Page {
  const page = useContext(PageContext)
  if (page === null) throw new Error('usePage outside of a PageContext')
  return page
}

type Readable<T> = Pick<StoreApi<T>, 'getState' | 'getInitialState' | 'subscribe'>

/** A slice of one of the page's stores. */
export function useSlice<T, S>(store: Readable<T>, select: (state: T) => S): S {
  return useStore(store, select)
}
