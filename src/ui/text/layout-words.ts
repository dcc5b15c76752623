import { LAYOUT_WORDS, meshText, type LayoutWords } from '../../sim/planner/candidates.ts'
import { usePage, useSlice } from '../page-context.ts'
import { en } from './en.ts'
import { zh } from './zh.ts'

type Words = LayoutWords & { readonly on?: (model: string, device: string) => string }

const EN: Words = { ...LAYOUT_WORDS, schedule: (id) => en.options[id] ?? id }

const ZH: Words = {
  schedule: (id) => zh.options[id] ?? id,
  mesh: (data, tensor, pipeline) => meshText({ 数据: data, 张量: tensor, 流水线: pipeline }) || '单个设备',
  chunked: (schedule, chunks) => `${schedule}（${chunks} 块）`,
  micro: (count, size) => `${count} 个微批，每个 ${size}`,
  recompute: { selective: '选择性重计算', full: '完全重计算' },
  sequence: '序列并行',
  comma: '，',
  on: (model, device) => `${model}（${device === 'this' ? '本机' : device}）`,
}

/** The words of a layout's name in the chosen language. */
export function useLayoutWords(): Words {
  const language = useSlice(usePage().settings, (settings) => settings.language)
  return language === 'zh' ? ZH : EN
}
