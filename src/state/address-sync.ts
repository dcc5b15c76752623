import { createStore } from 'zustand/vanilla'
import { parseConfig } from '../config/parse.ts'
import { inputFromUrl, inputToUrl } from '../config/url.ts'
import { refused, errorOf, faultOf } from '../core/errors.ts'
import type { Fault } from '../core/fault.ts'
import { checkComparison } from './compare-store.ts'
import type { Draft } from './draft-path.ts'
import { isDraft } from './draft-path.ts'
import type { Page } from './page.ts'
import { FIRST_SIMULATION } from './simulation-store.ts'
import { PAGE_PLACES } from './view-store.ts'
import type { PagePlace } from './view-store.ts'

/** The part of `window` that links need. */
export interface Address {
  readonly location: { readonly href: string; readonly hash: string }
  readonly history: { replaceState(data: unknown, unused: string, url: string): void }
  addEventListener(type: 'hashchange', listener: () => void): void
}

export interface LinkState {
  /** Why the opened link is not shown; null when it is. */
  readonly problem: Fault | null
}

type Places = Pick<Page, 'draft' | 'simulation' | 'compare' | 'view' | 'session' | 'files'>

interface PlaceLink {
  readonly read: (page: Places) => Draft
  /** The initial draft of a place, which needs no link. */
  readonly first: Draft
  readonly check: (page: Places, draft: Draft) => void
  readonly write: (page: Places, draft: Draft) => void
}

/** What a link holds for each place. */
const PLACE_LINKS: Readonly<Record<PagePlace, PlaceLink>> = {
  run: {
    read: ({ draft }) => draft.getState().draft,
    first: {},
    check({ session }, draft) {
      const parsed = session.parse(draft)
      if (parsed.kind === 'refused') throw errorOf(parsed.problems[0]!)
    },
    write: ({ draft }, value) => draft.replace(value),
  },
  simulate: {
    read: ({ simulation }) => simulation.getState().draft,
    first: FIRST_SIMULATION,
    check: (_page, draft) => void parseConfig(draft, 'simulate'),
    write: ({ simulation }, value) => simulation.replace(value),
  },
  compare: {
    read: ({ compare }) => compare.getState().draft,
    first: {},
    check: (_page, draft) => checkComparison(draft),
    write: ({ compare }, value) => compare.replace(value),
  },
}

/** Follows a run's configuration in its link: the name of its initial weights. */
const WEIGHTS_SEPARATOR = '&weights='

/** "#run=1.…": the place, and its configuration as written (only what differs from the defaults). */
async function hashOf(page: Places): Promise<string> {
  const { place } = page.view.getState()
  const { read, first } = PLACE_LINKS[place]
  const draft = read(page)
  const { weights } = page.files.getState()
  const named = place === 'run' && weights !== null ? WEIGHTS_SEPARATOR + encodeURIComponent(weights.name) : ''
  if (JSON.stringify(draft) !== JSON.stringify(first)) return `#${place}=${await inputToUrl(draft)}${named}`
  return place === 'run' && named === '' ? '' : `#${place}${named}`
}

/** A hand-edited name may be malformed. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    throw refused('link', 'not-a-file-name', { name: JSON.stringify(name.slice(0, 20)) })
  }
}

/** Shows a link's content. Throws RefusedError without having changed anything. */
async function show(page: Places, hash: string): Promise<void> {
  const [main = '', weights] = hash.slice(1).split(WEIGHTS_SEPARATOR, 2)
  const [name, packed] = main.split(/=(.*)/s, 2)
  const place = PAGE_PLACES.find((each) => each === name)
  // Another anchor of the page.
  if (place === undefined) {
    if (packed !== undefined)
      throw refused('link', 'not-a-place', { place: name?.slice(0, 20) ?? '', places: PAGE_PLACES.join(', ') })
    return
  }
  if (weights !== undefined && place !== 'run') throw refused('link', 'weights-only-for-run', { place })
  const file = weights === undefined ? null : decoded(weights)
  if (packed !== undefined) {
    const draft = await inputFromUrl(packed)
    if (!isDraft(draft)) throw refused('link', 'link-without-configuration')
    PLACE_LINKS[place].check(page, draft)
    PLACE_LINKS[place].write(page, draft)
  }
  // A link with a run's configuration or weights defines both.
  if (place === 'run' && (packed !== undefined || file !== null)) page.files.linkWeights(file)
  page.view.setState({ place })
}

const DEBOUNCE_MILLISECONDS = 300

export type AddressSync = ReturnType<typeof createAddressSync>

/**
 * Keeps the address in sync with the page: read when the page opens and when the address changes, written as the page
 * changes.
 */
export function createAddressSync(page: Places, address: Address) {
  const store = createStore<LinkState>(() => ({ problem: null }))
  let timer: ReturnType<typeof setTimeout> | undefined
  const open = async () => {
    try {
      await show(page, address.location.hash)
      store.setState({ problem: null })
    } catch (error) {
      store.setState({ problem: faultOf(error) })
    }
  }
  const write = async () => {
    clearTimeout(timer)
    const hash = await hashOf(page)
    const { href, hash: now } = address.location
    const bare = now === '' ? href.replace(/#$/, '') : href.slice(0, href.length - now.length)
    if (bare + hash !== href) address.history.replaceState(null, '', bare + hash)
  }
  const later = () => {
    clearTimeout(timer)
    timer = setTimeout(() => void write(), DEBOUNCE_MILLISECONDS)
  }
  return {
    ...store,
    /** Reads the address, then follows the page. Resolves when the link's content is shown. */
    async start() {
      await open()
      address.addEventListener('hashchange', () => void open())
      for (const each of [page.draft, page.simulation, page.compare, page.view, page.files]) each.subscribe(later)
    },
    /** The current address of the page. */
    async copy(): Promise<string> {
      await write()
      return address.location.href
    },
    /** So that a reload does not repeat the problem, the address becomes that of what is shown. */
    dismiss() {
      store.setState({ problem: null })
      void write()
    },
  }
}
