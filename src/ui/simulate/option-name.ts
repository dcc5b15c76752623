import type { SimulationField } from '../../state/simulation-fields.ts'
import type { Text } from '../text/text.ts'
import type { SimulateText } from './text-en.ts'

/** The display name of an option: Simulate's, else Run's; ids stay as they are. */
export function optionName(
  option: string,
  { ids = false }: Pick<Extract<SimulationField, { kind: 'choice' }>, 'ids'>,
  text: SimulateText,
  page: Text,
): string {
  return text.options[option] ?? (ids ? option : (page.options[option] ?? option))
}
