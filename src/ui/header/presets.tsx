import { STORIES } from '../../sim/stories.ts'
import type { Draft } from '../../state/draft-path.ts'
import { PRESET_NAMES, PRESETS, presetOf } from '../../state/presets.ts'
import { storyOf } from '../../state/story-of-draft.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'

/** All presets in one list, from one device to GPT-3 on 1,024: what trains here opens in Run, the rest in Simulate. */
export function Presets() {
  const page = usePage()
  const text = useText()
  const place = useSlice(page.view, (state) => state.place)
  const drafted = useSlice(page.draft, (state) => state.draft)
  const simulated = useSlice(page.simulation, (state) => state.draft)
  if (place === 'compare') return null
  const story = place === 'simulate' ? storyOf(simulated) : null
  const current = place === 'run' ? (presetOf(drafted) ?? '') : story ? `${story.story.id}/${story.index}` : ''
  const choose = (value: string) => {
    const preset = PRESET_NAMES.find((name) => name === value)
    if (preset) {
      page.draft.replace(PRESETS[preset])
      page.view.setState({ place: 'run' })
      return
    }
    const [id, index] = value.split('/')
    const found = STORIES.find((each) => each.id === id)?.configs[Number(index)]
    if (!found) return
    page.simulation.replace(found.config as Draft)
    page.view.setState({ place: 'simulate' })
  }
  return (
    <label>
      <span className="visually-hidden">{text.preset}</span>
      <select value={current} onChange={(event) => choose(event.target.value)}>
        {current === '' && <option value="">{text.custom}</option>}
        <optgroup label={text.trainsHere}>
          {PRESET_NAMES.map((name) => (
            <option key={name} value={name}>
              {text.presets[name]}
            </option>
          ))}
        </optgroup>
        {STORIES.map(({ id, configs }) => (
          <optgroup key={id} label={text.simulatedStory(text.stories[id])}>
            {configs.map(({ label }, index) => (
              <option key={label} value={`${id}/${index}`}>
                {configs.length === 1 ? text.stories[id] : `${text.stories[id]}: ${label}`}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  )
}
