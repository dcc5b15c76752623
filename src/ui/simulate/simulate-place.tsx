import { useEffect, useMemo, useRef } from 'react'
import { SIMULATION_FIELDS } from '../../state/simulation-fields.ts'
import type { SimulationGroup } from '../../state/simulation-fields.ts'
import type { Story } from '../../sim/stories.ts'
import { storyOf } from '../../state/story-of-draft.ts'
import { usePage, useSlice } from '../page-context.ts'
import panel from '../theme/panel.module.css'
import { FieldGroup } from './field-group.tsx'
import { LayoutSearch } from './layout-search.tsx'
import styles from './simulate.module.css'
import { SimulationResult } from './simulation-result.tsx'
import { SIMULATE_TEXT } from './text.ts'
import button from '../theme/button.module.css'
import type { SimulateText } from './text-en.ts'
import type { Draft } from '../../state/draft-path.ts'

const GROUPS = Object.keys(SIMULATION_FIELDS) as SimulationGroup[]

/** Any cluster, any model: memory and time, pinned configurations side by side, a search over all layouts. */
export default function SimulatePlace() {
  const { simulation, settings } = usePage()
  const language = useSlice(settings, (state) => state.language)
  const text = SIMULATE_TEXT[language]
  const draft = useSlice(simulation, (state) => state.draft)
  const story = useMemo(() => storyOf(draft), [draft])
  useEffect(() => simulation.start(), [simulation])
  const layouts = useRef<HTMLElement>(null)
  const search = () => {
    simulation.search()
    layouts.current?.scrollIntoView()
    layouts.current?.focus({ preventScroll: true })
  }
  return (
    <div className={styles.place}>
      <aside className={styles.controls} aria-label={text.title}>
        <p className={styles.about}>{text.about}</p>
        {story && <StoryNotice story={story.story} text={text} />}
        {GROUPS.map((group) => (
          <FieldGroup key={group} group={group} text={text} />
        ))}
      </aside>
      <main className={styles.results} id="cluster">
        <section className={panel.panel} aria-label={text.title}>
          <SimulationResult text={text} onSearch={search} />
        </section>
        <section ref={layouts} tabIndex={-1} className={panel.panel} aria-label={text.plan}>
          <LayoutSearch text={text} />
        </section>
      </main>
    </div>
  )
}

/** What a story shows; all its configurations go to Compare at once. */
function StoryNotice({ story: { id, configs }, text }: { readonly story: Story; readonly text: SimulateText }) {
  const { compare, view } = usePage()
  return (
    <div className={styles.story}>
      <p>{text.stories[id]}</p>
      {configs.length > 1 && (
        <button
          type="button"
          className={button.button}
          onClick={() => {
            for (const { config } of configs) compare.pin(config as Draft)
            view.setState({ place: 'compare' })
          }}
        >
          {text.compareStory(String(configs.length))}
        </button>
      )}
    </div>
  )
}
