import { removePath } from '../../state/draft-path.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'

/** For compressed gradients: the same training with and without it, side by side in Compare. */
export function CompareUncompressed() {
  const { compare, draft: drafts, view } = usePage()
  const text = useText()
  const { draft, config } = useSlice(drafts, (state) => state)
  if (config.parallel.compression.kind === 'none') return null
  const pin = () => {
    compare.pin(draft)
    compare.pin(removePath(draft, 'parallel.compression'))
    view.setState({ place: 'compare' })
  }
  return (
    <p>
      <button type="button" className={button.button} onClick={pin}>
        {text.compareUncompressed}
      </button>
    </p>
  )
}
