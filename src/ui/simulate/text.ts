import { en, type SimulateText } from './text-en.ts'
import { zh } from './text-zh.ts'

export const SIMULATE_TEXT: Readonly<Record<'en' | 'zh', SimulateText>> = { en, zh }
