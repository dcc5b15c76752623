/** Texts of the list of checkpoints, loaded with it. Chinese does not compile while one is missing. */
const en = {
  title: 'Checkpoints in this browser',
  about: 'Weights, optimizer, step and position in the data. A run goes on from one bit for bit, also after a reload.',
  save: 'Save one now',
  open: 'Open a file…',
  none: 'None is saved here.',
  resume: 'Resume',
  resumeOf: (name: string) => `Resume from ${name}`,
  remove: 'Delete',
  removeOf: (name: string) => `Delete ${name}`,
  download: 'File',
  downloadOf: (name: string) => `Download ${name}`,
  step: (step: string) => `after step ${step}`,
  busy: 'Working …',
  noRun: 'There is nothing to save yet: start a run.',
  outcome: {
    saved: (name: string) => `Saved ${name}`,
    removed: (name: string) => `Deleted ${name}`,
    resumed: (name: string) => `Going on from ${name}`,
    full: (message: string) => `Not saved: ${message}. Delete a checkpoint, or download it as a file.`,
    failed: (message: string) => `That did not work: ${message}`,
  },
}

export type CheckpointText = typeof en

const zh: CheckpointText = {
  title: '此浏览器中的检查点',
  about: '权重、优化器、步数与数据位置。可从检查点逐位一致地继续训练,刷新页面后亦可。',
  save: '立即保存',
  open: '打开文件…',
  none: '这里还没有保存检查点。',
  resume: '继续',
  resumeOf: (name) => `从 ${name} 继续`,
  remove: '删除',
  removeOf: (name) => `删除 ${name}`,
  download: '文件',
  downloadOf: (name) => `下载 ${name}`,
  step: (step) => `第 ${step} 步之后`,
  busy: '处理中 …',
  noRun: '还没有可保存的内容:请先开始训练。',
  outcome: {
    saved: (name) => `已保存 ${name}`,
    removed: (name) => `已删除 ${name}`,
    resumed: (name) => `正在从 ${name} 继续`,
    full: (message) => `未保存:${message}。请删除一个检查点,或将其下载为文件。`,
    failed: (message) => `操作失败:${message}`,
  },
}

export const CHECKPOINT_TEXT = { en, zh } as const
