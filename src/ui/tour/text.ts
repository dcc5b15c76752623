/** Texts of the tour, loaded with it. Chinese does not compile while one is missing. */
const en = {
  invitation: 'First time here? Eight short steps show what is where.',
  show: 'Show me around',
  goOn: (step: string, of: string) => `Go on with the tour (step ${step} of ${of})`,
  later: 'Not now',
  tour: 'Tour',
  progress: (step: string, of: string) => `Step ${step} of ${of}`,
  back: 'Back',
  next: 'Next',
  leave: 'Leave',
  done: 'Done',
  steps: {
    strategy: {
      title: 'Choose how the work is shared',
      body: 'Each picture is a strategy. Its own parameters stand below it, everything else is folded away. Try DDP: four devices with a copy of the model each.',
    },
    start: {
      title: 'Train for real',
      body: 'One click trains a small GPT on this browser’s GPU, a worker for each device. Start now, or go on and look around first.',
    },
    cluster: {
      title: 'Every device and its memory',
      body: 'A bar by category for each device. Numbers in italics are predicted from the plan, upright ones were measured: they agree.',
    },
    timeline: {
      title: 'Who does what when',
      body: 'Ideal is the plan, in ticks; executed is what happened, in seconds. Click a cell for what it is. Gaps are idle devices.',
    },
    charts: {
      title: 'It learns',
      body: 'The loss falls under every strategy alike: where numbers live changes, not what they are. Beside it the speed, and text from the model.',
    },
    steps: {
      title: 'Stop the clock',
      body: 'Pause, then go on by a single op, a tick of the pipeline or a training step, and watch the devices above.',
    },
    places: {
      title: 'Clusters nobody has at home',
      body: 'Simulate clocks the same programs on up to thousands of devices. Pin configurations and Compare puts them side by side.',
    },
    take: {
      title: 'Take it along',
      body: 'The address holds what is on screen: copy the link for somebody else. Results, charts, traces, weights and checkpoints are in Take away.',
    },
  },
}

type Strings<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Strings<T[K]>
}
export type TourText = Strings<typeof en>

const zh: TourText = {
  invitation: '第一次来？八个小步骤带您看看各个部分。',
  show: '带我看看',
  goOn: (step, of) => `继续导览（第 ${step} / ${of} 步）`,
  later: '以后再说',
  tour: '导览',
  progress: (step, of) => `第 ${step} / ${of} 步`,
  back: '上一步',
  next: '下一步',
  leave: '离开',
  done: '完成',
  steps: {
    strategy: {
      title: '选择如何分工',
      body: '每张图是一种并行策略。它自己的参数列在下面，其余的都折叠起来。试试 DDP：四个设备各有一份模型。',
    },
    start: {
      title: '真正地训练',
      body: '点一下，就在此浏览器的 GPU 上训练一个小 GPT，每个设备一个 worker。现在开始，或者先继续看看。',
    },
    cluster: {
      title: '每个设备及其显存',
      body: '每个设备一条按类别划分的条。斜体数字由计划预测，正体数字是实测：两者一致。',
    },
    timeline: {
      title: '谁在何时做什么',
      body: '“理想”是计划，以节拍计；“执行”是实际发生的，以秒计。点击单元格查看它是什么。空白处是空闲的设备。',
    },
    charts: {
      title: '它在学习',
      body: '无论哪种策略，损失都同样下降：变的是数字放在哪里，而不是数字本身。旁边是速度，以及模型生成的文本。',
    },
    steps: {
      title: '让时钟停下',
      body: '先暂停，再按单个运算、流水线的一个节拍或一个训练步前进，同时观察上面的设备。',
    },
    places: {
      title: '家里没有的集群',
      body: '“模拟”在多达数千个设备上为同样的程序计时。固定几个配置，“对比”就把它们并排显示。',
    },
    take: {
      title: '导出',
      body: '地址里保存着屏幕上的内容：复制链接给别人。结果、图表、轨迹、权重和检查点都在“导出”里。',
    },
  },
}

export const TOUR_TEXT = { en, zh }
