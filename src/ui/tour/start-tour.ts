import type { Page } from '../../state/page.ts'

/** Opens the tour where it was left, in the Run place. */
export function startTour({ settings, view }: Page): void {
  settings.setState({ tour: 'left' })
  view.setState({ place: 'run', dialog: null, tour: true })
}
