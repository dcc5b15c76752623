import { useEffect, useLayoutEffect } from 'react'
import type { PageAction } from '../state/actions.ts'
import { ACTIONS, actionFor, chord } from '../state/actions.ts'
import styles from './app.module.css'
import { ClusterPanel } from './cluster/cluster-panel.tsx'
import { Header } from './header/header.tsx'
import { Notices } from './notices/notices.tsx'
import { usePage, useSlice } from './page-context.ts'
import { lazyPart } from './part/lazy-part.tsx'
import { SamplePanel } from './sample/sample-panel.tsx'
import { StrategyPanel } from './strategy/strategy-panel.tsx'
import { useText } from './text/use-text.ts'
import panel from './theme/panel.module.css'
import { useResolvedTheme } from './theme/use-theme.ts'
import { TransportBar } from './transport/transport-bar.tsx'

const TimelinePanel = lazyPart(() => import('./timeline/timeline-panel.tsx'))
const SimulatePlace = lazyPart(() => import('./simulate/simulate-place.tsx'))
const ComparePlace = lazyPart(() => import('./compare/compare-place.tsx'))
const Inspector = lazyPart(() => import('./inspect/inspector.tsx'))
const Shortcuts = lazyPart(() => import('./help/shortcuts.tsx'))
const Tour = lazyPart(() => import('./tour/tour.tsx'))
const Invitation = lazyPart(() => import('./tour/invitation.tsx'))
const RebalanceNotice = lazyPart(() => import('./rebalance/rebalance-notice.tsx'))
const ChartsPanel = lazyPart(() => import('./charts/charts-panel.tsx'))

/** Keys work everywhere except while typing. */
function useShortcuts(): void {
  const page = usePage()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target
      // Checkboxes and lists take no text: undo is the page's there, plain letters are the control's.
      const typed =
        event.ctrlKey || event.metaKey ? 'input:not([type="checkbox"]), textarea' : 'input, select, textarea'
      if (target instanceof Element && target.closest(`${typed}, [role="dialog"]`)) return
      if (event.key === ' ' && target instanceof Element && target.closest('button, summary, a')) return
      const name = actionFor(chord(event))
      if (name === null) return
      const action: PageAction = ACTIONS[name]
      if (!action.everywhere && page.view.getState().place !== 'run') return
      if (!action.enabled(page)) return
      event.preventDefault()
      action.run(page)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [page])
}

export function App() {
  const page = usePage()
  const text = useText()
  const theme = useResolvedTheme()
  const language = useSlice(page.settings, (settings) => settings.language)
  useShortcuts()
  // Before the children's effects: their canvases read the theme's colours.
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme
    document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en'
  }, [theme, language])
  const { place, dialog, tour } = useSlice(page.view, (state) => state)
  const waiting = <section className={panel.panel} aria-busy="true" />
  return (
    <div className={styles.app}>
      <a className={styles.skip} href="#cluster">
        {text.skip}
      </a>
      <Header />
      {place === 'run' && <RunPlace />}
      {place === 'simulate' && <SimulatePlace waiting={waiting} />}
      {place === 'compare' && <ComparePlace waiting={waiting} />}
      {dialog === 'shortcuts' && <Shortcuts />}
      {tour && <Tour />}
    </div>
  )
}

/** Trains on this machine's cluster. */
function RunPlace() {
  const { settings, view } = usePage()
  const inspecting = useSlice(view, (state) => state.inspected.length > 0)
  const invited = useSlice(settings, (state) => state.tour === 'new')
  const waiting = <section className={panel.panel} aria-busy="true" />
  return (
    <>
      <div className={styles.main}>
        <div className={styles.side} data-covered={inspecting || undefined}>
          <StrategyPanel />
          {inspecting && <Inspector />}
        </div>
        <main className={styles.stage} id="cluster">
          <div className={styles.notices}>
            <Notices />
            {invited && <Invitation />}
            <RebalanceNotice />
          </div>
          <ClusterPanel />
          <TimelinePanel waiting={waiting} />
          <div className={styles.charts}>
            <ChartsPanel waiting={waiting} />
            <SamplePanel />
          </div>
        </main>
      </div>
      <TransportBar />
    </>
  )
}
