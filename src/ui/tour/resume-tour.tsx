import { TOUR_STEPS } from '../../state/settings-store.ts'
import { usePage, useSlice } from '../page-context.ts'
import button from '../theme/button.module.css'
import { startTour } from './start-tour.ts'
import { TOUR_TEXT } from './text.ts'

/** Resumes the tour where it was left. */
export default function ResumeTour() {
  const page = usePage()
  const { language, tourStep } = useSlice(page.settings, (state) => state)
  const text = TOUR_TEXT[language]
  return (
    <button type="button" className={button.button} onClick={() => startTour(page)}>
      {tourStep > 0 ? text.goOn(String(tourStep + 1), String(TOUR_STEPS.length)) : text.show}
    </button>
  )
}
