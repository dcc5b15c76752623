import { usePage, useSlice } from '../page-context.ts'
import button from '../theme/button.module.css'
import notices from '../notices/notices.module.css'
import { TOUR_TEXT } from './text.ts'
import { startTour } from './start-tour.ts'

/** Offered on the first visit, until it is taken or declined. */
export default function Invitation() {
  const page = usePage()
  const { language } = useSlice(page.settings, (state) => state)
  const text = TOUR_TEXT[language]
  return (
    <div className={notices.offer} role="note" aria-label={text.tour}>
      <span>{text.invitation}</span>
      <button type="button" className={button.button} onClick={() => startTour(page)}>
        {text.show}
      </button>
      <button type="button" className={button.button} onClick={() => page.settings.setState({ tour: 'left' })}>
        {text.later}
      </button>
    </div>
  )
}
