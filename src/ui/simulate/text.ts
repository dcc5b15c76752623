import { simulateTextEn, type SimulateText } from './text-en.ts'
import { simulateTextZh } from './text-zh.ts'

export const SIMULATE_TEXT: Readonly<Record<'en' | 'zh', SimulateText>> = { en: simulateTextEn, zh: simulateTextZh }
