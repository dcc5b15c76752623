/** Texts of the list of shortcuts beside the actions' own. Chinese does not compile while one is missing. */
const en = {
  everywhere: 'On the page',
  timeline: 'On the timeline, when it has the focus',
  keys: {
    move: 'Move the cursor by a tick',
    pan: 'Pan',
    zoom: 'Zoom in and out',
    all: 'Show all',
    explain: 'Explain the cell under the cursor',
    clear: 'Clear the cursor',
  },
}

type Strings<T> = { readonly [K in keyof T]: T[K] extends string ? string : Strings<T[K]> }

const zh: Strings<typeof en> = {
  everywhere: '在页面上',
  timeline: '在时间线上（获得焦点时）',
  keys: {
    move: '光标移动一拍',
    pan: '平移',
    zoom: '放大与缩小',
    all: '显示全部',
    explain: '解释光标下的单元',
    clear: '清除光标',
  },
}

export const HELP_TEXT = { en, zh }
