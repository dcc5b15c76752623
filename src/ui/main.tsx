import { createRoot } from 'react-dom/client'
import { automation } from '../state/automation.ts'
import { engineSession } from '../state/engine-session.ts'
import { createAddressSync } from '../state/address-sync.ts'
import { createPage } from '../state/page.ts'
import { App } from './app.tsx'
import { retainBuildFiles } from './retain-build-files.ts'
import { isolate } from './isolate.ts'
import { LinksContext, PageContext } from './page-context.ts'
import { ErrorBoundary } from './part/lazy-part.tsx'
import './theme/base.css'

function storage(): Storage | null {
  try {
    return localStorage
  } catch {
    return null
  }
}

const root = document.getElementById('root')
if (!root) throw new Error('the page has no place for TabCluster')
const page = createPage({
  session: engineSession,
  storage: storage(),
  language: navigator.language.startsWith('zh') ? 'zh' : 'en',
})
window.tabcluster = automation
const links = createAddressSync(page, window)
void links.start()
if (import.meta.env.PROD) {
  retainBuildFiles()
  void isolate(() => page.run.getState().phase === 'idle')
}
createRoot(root).render(
  <PageContext value={page}>
    <LinksContext value={links}>
      <ErrorBoundary>
        <App />
      </ErrorBoundary>
    </LinksContext>
  </PageContext>,
)
