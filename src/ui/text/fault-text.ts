import { FAULTS } from '../../core/fault-table.ts'
import { englishOf, lineIn, lineOf, sentenceIn } from '../../core/fault.ts'
import type { Fault, FaultWording, FaultSentence } from '../../core/fault.ts'
import { usePage, useSlice } from '../page-context.ts'
import { FAULTS_ZH, isTranslated } from './faults-zh.ts'

const CHINESE: FaultWording = {
  text: (code) => (isTranslated(code) ? FAULTS_ZH[code] : FAULTS[code].text),
  field: (path) => `${path}: `,
  rank: (rank, op) => (op === undefined ? `rank ${rank}：` : `rank ${rank} 在 ${op} 处：`),
  step: (step) => `第 ${step + 1} 步：`,
  separator: '；',
}

export const faultInChinese = (said: FaultSentence): string => sentenceIn(CHINESE, said)

export const lineInChinese = (fault: Fault): string => lineIn(CHINESE, fault)

/** A function that words a fault, or a part of one, in the chosen language; the caller names the field. */
export function useFaultText(): (said: FaultSentence) => string {
  const language = useSlice(usePage().settings, (settings) => settings.language)
  return language === 'zh' ? faultInChinese : englishOf
}

/** A function that words a fault in the chosen language, beginning with its field, or its rank and op. */
export function useFaultLine(): (fault: Fault) => string {
  const language = useSlice(usePage().settings, (settings) => settings.language)
  return language === 'zh' ? lineInChinese : lineOf
}
