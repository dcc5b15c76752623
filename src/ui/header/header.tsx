import { ACTIONS } from '../../state/actions.ts'
import { LANGUAGES } from '../../state/settings-store.ts'
import { PAGE_PLACES } from '../../state/view-store.ts'
import { Segmented } from '../controls/segmented.tsx'
import { Icon } from '../icons/icons.tsx'
import { usePage, useSlice } from '../page-context.ts'
import { TakeAway } from '../take-away/take-away.tsx'
import { useText } from '../text/use-text.ts'
import { CopyLink, LinkProblem } from './copy-link.tsx'
import { PinButton } from './pin-button.tsx'
import { Presets } from './presets.tsx'
import { UndoRedo } from './undo-redo.tsx'
import styles from './header.module.css'

export function Header() {
  const page = usePage()
  const text = useText()
  const { theme, language } = useSlice(page.settings, (state) => state)
  const place = useSlice(page.view, (state) => state.place)
  const pins = useSlice(page.compare, (state) => state.pins.length)
  return (
    <header className={styles.header}>
      <h1>TabCluster</h1>
      <span data-tour="places">
        <Segmented
          label={text.places}
          value={place}
          options={PAGE_PLACES.map((value) => ({
            value,
            label: value === 'compare' && pins > 0 ? `${text.compare} ${pins}` : text[value],
          }))}
          onChange={(value) => page.view.setState({ place: value })}
        />
      </span>
      <span className={styles.tagline}>{text.tagline}</span>
      <span className={styles.spacer} />
      <Presets />
      <PinButton />
      <CopyLink />
      <UndoRedo />
      <TakeAway />
      <ul className={styles.provenance} aria-label={text.provenance}>
        <li>{text.measured}</li>
        <li className="predicted">{text.predicted}</li>
        <li className="virtual">{text.virtual}</li>
      </ul>
      <Segmented
        label={text.language}
        value={language}
        options={LANGUAGES.map((value) => ({ value, label: value === 'zh' ? '中文' : 'EN' }))}
        onChange={(value) => page.settings.setState({ language: value })}
      />
      <button
        type="button"
        className={styles.round}
        aria-label={text.themeIs(text.themes[theme])}
        title={text.themeIs(text.themes[theme])}
        onClick={() => ACTIONS.theme.run(page)}
      >
        <Icon name={theme} />
      </button>
      <button
        type="button"
        className={styles.round}
        aria-label={text.help}
        title={text.help}
        onClick={() => ACTIONS.help.run(page)}
      >
        ?
      </button>
      <LinkProblem />
    </header>
  )
}
