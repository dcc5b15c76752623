/**
 * Refusals in Chinese, by their English template. A test checks this list against every sentence a configuration can be
 * refused with.
 */
export const PROBLEMS_ZH: Readonly<Record<string, string>> = {
  '{0} does not divide model.embed: {1}': '{0} 不能整除 model.embed：{1}',
  '{0} does not divide model.heads: {1}': '{0} 不能整除 model.heads：{1}',
  '{0} is odd: rotary positions turn pairs; family llama takes an even one':
    '{0} 是奇数：旋转位置编码成对旋转各维；family llama 需要偶数',
  '{0} does not divide model.kvHeads: {1}': '{0} 不能整除 model.kvHeads：{1}',
  '{0} does not divide model.ffn: {1}': '{0} 不能整除 model.ffn：{1}',
  '{0} must equal model.heads ({1}) in family gpt2': '在 gpt2 系列中 {0} 必须等于 model.heads（{1}）',
  '{0} is smaller than the {1} ids of data.tokenizer {2}': '{0} 小于 data.tokenizer {2} 的 {1} 个编号',
  '{0} is longer than model.context: {1}': '{0} 超过 model.context：{1}',
  '{0} × tensor {1} × pipeline {2} are {3} ranks; at most {4}': '{0} × 张量 {1} × 流水线 {2} 共 {3} 个 rank；最多 {4}',
  'has {0} entries; one per replica is parallel.data: {1}': '有 {0} 项；每个副本一项，即 parallel.data：{1}',
  '{0} leaves some of the {1} replicas without a sample; at least {2}': '{0} 使 {1} 个副本中有的分不到样本；至少 {2}',
  '{0} would leave one empty: the smallest replica has {1} of batch.global {2}; at most {3}':
    '{0} 会留下一个空的微批：最小的副本只有 batch.global {2} 中的 {1} 个样本；最多 {3}',
  'true needs parallel.tensor of 2 or more': '启用它需要 parallel.tensor 不小于 2',
  'true needs parallel.tensor ({0}) to divide batch.sequence: {1}':
    '启用它需要 parallel.tensor（{0}）整除 batch.sequence：{1}',
  '{0} cannot be combined with parallel.pipeline {1} ({2}); use ddp':
    '{0} 不能与 parallel.pipeline {1} 组合（{2}）；请用 ddp',
  '{0} cannot be combined with parallel.tensor {1} ({2}); use ddp':
    '{0} 不能与 parallel.tensor {1} 组合（{2}）；请用 ddp',
  'one rank holds the loss and the optimizer': '损失与优化器在同一个 rank 上',
  'the server holds the optimizer': '优化器在服务器上',
  '{0} shards what {1} keeps in one place; use 0, or dataMode ddp':
    '{0} 会切分 {1} 集中保存的内容；请用 0，或 dataMode ddp',
  'true needs parallel.dataMode parameter-server': '启用它需要 parallel.dataMode parameter-server',
  '{0} reorders micro-batches, which data-parallel takes one after the other; use 1f1b':
    '{0} 会改变微批的次序，而 data-parallel 逐个处理微批；请用 1f1b',
  '{0} on {1} stages are a schedule of {2} actions; at most {3}': '{0} 个微批、{1} 个阶段的调度共 {2} 个动作；最多 {3}',
  '{0} has no effect here: it needs {1}; leave it at {2}': '{0} 在此处不起作用：它需要 {1}；请保持为 {2}',
  '{0} compresses the all-reduce of dataMode ddp with zero 0; use none here':
    '{0} 压缩的是 dataMode ddp、zero 0 的 all-reduce；此处请用 none',
  'all-reduce is a variant of parallel.zero 1, not {0}': 'all-reduce 是 parallel.zero 1 的变体，而不是 {0}',
  'true needs parallel.zero 3, not {0}': '启用它需要 parallel.zero 3，而不是 {0}',
  'has {0} entries; one per rank is {1}': '有 {0} 项；每个 rank 一项应为 {1}',
  '{0} must be below the world size {1}': '{0} 必须小于 rank 总数 {1}',
  '{0} is for simulate; execution takes {1}': '{0} 仅用于模拟；实际训练使用 {1}',
  '"{0}" is not a module of this model': '“{0}”不是此模型的模块',
  '"{0}" is already in a unit': '“{0}”已在某个单元中',
  '{0}: interleaved-1f1b takes 2 or more': '{0}：interleaved-1f1b 需要 2 或更多',
  '{0}: zb-v takes exactly 2': '{0}：zb-v 恰好需要 2',
  '{0}: {1} takes exactly 1': '{0}：{1} 恰好需要 1',
  '{0}: interleaved-1f1b takes a multiple of parallel.pipeline ({1})':
    '{0}：interleaved-1f1b 需要 parallel.pipeline（{1}）的倍数',
  '[{0}] must have {1} entries that sum to model.layers: {2}': '[{0}] 必须有 {1} 项，且总和为 model.layers：{2}',
  '{0} stages of {1} chunks are more than model.layers: {2}': '{0} 个阶段 × {1} 块多于 model.layers：{2}',
  '{0} given together with steps; give one of the two': '{0} 与 steps 同时给出；请只给其中之一',
  '{0} given; give one of corpus, text, tokens': '给出了 {0}；请在 corpus、text、tokens 中只给一个',
  '{0} must be null or a list of positive numbers, one per replica': '{0} 必须为 null，或每个副本一个的正数列表',
  '{0} must be two numbers from 0 to below 1': '{0} 必须是两个从 0 到小于 1 的数',
  '{0} must be "default" or a list with one of {1} per rank': '{0} 必须为 "default"，或每个 rank 一项的列表，取自 {1}',
  '{0} must be one of {1}': '{0} 必须是以下之一：{1}',
  '{0} must be a list': '{0} 必须是列表',
  '{0} must be "even", "balanced" or a list of blocks per stage': '{0} 必须为 "even"、"balanced"，或每个阶段块数的列表',
  '{0} must be "block", "all", {"minParameters": N} or a list of lists of module names':
    '{0} 必须为 "block"、"all"、{"minParameters": N}，或模块名列表的列表',
  '{0} must be an object': '{0} 必须是对象',
  '{0} must be true or false': '{0} 必须是 true 或 false',
  '{0} must be a non-empty text': '{0} 必须是非空文本',
  'unknown; allowed here: {0}': '未知；此处允许：{0}',
  '{0} must be a whole number from {1} to {2}': '{0} 必须是 {1} 到 {2} 之间的整数',
  '{0} must be a number from {1} to {2}': '{0} 必须是 {1} 到 {2} 之间的数',
  '{0} must begin with "{1}"; it may come from another version': '{0} 必须以“{1}”开头；它可能来自另一个版本',
  '{0} characters; at most {1}': '{0} 个字符；最多 {1}',
  '"{0}" has {1} bytes; a text has at most {2}': '“{0}”有 {1} 字节；文本最多 {2} 字节',
  '"{0}" cannot be read': '“{0}”无法读取',
  '"{0}" is UTF-32; save it as UTF-8, or as UTF-16 with its mark':
    '“{0}”是 UTF-32；请另存为 UTF-8，或带字节序标记的 UTF-16',
  '"{0}" is not text but a file of llm.c (magic {1}); on the command line data.tokens reads its 16-bit tokens':
    '“{0}”不是文本，而是 llm.c 的文件（魔数 {1}）；在命令行中可用 data.tokens 读取其 16 位 token',
  '"{0}" is not text: byte {1} is 0x00; UTF-16 is read where it begins with its mark (ff fe, fe ff)':
    '“{0}”不是文本：第 {1} 字节为 0x00；UTF-16 文件须以字节序标记（ff fe 或 fe ff）开头',
  '"{0}" is not UTF-8: byte {1} is {2}; save it as UTF-8, or as UTF-16 with its mark':
    '“{0}”不是 UTF-8：第 {1} 字节为 {2}；请另存为 UTF-8，或带字节序标记的 UTF-16',
  '"{0}" has {1} bytes; UTF-16 takes an even number': '“{0}”有 {1} 字节；UTF-16 的字节数必须是偶数',
  '"{0}" is not text: the UTF-16 unit at byte {1} is {2}': '“{0}”不是文本：第 {1} 字节处的 UTF-16 单元为 {2}',
  '"{0}" is not text: character {1} is U+{2}': '“{0}”不是文本：第 {1} 个字符为 U+{2}',
  'true, but "{0}" has no {1}': '为 true，但“{0}”中没有 {1}',
  'is damaged: its bytes do not have its checksum': '已损坏：内容与校验和不符',
  'is damaged: it does not unpack': '已损坏：无法解压',
  'is damaged: it holds no JSON': '已损坏：其中没有 JSON',
  'unpacks to more than {0} bytes': '解压后超过 {0} 字节',
  'is damaged: it has characters that no link holds': '已损坏：含有链接中不会出现的字符',
  'is damaged: its length is that of no base64': '已损坏：长度不符合 base64',
  '"{0}" is no place; {1} are': '“{0}”不是一个位置；可用的是 {1}',
  'holds no configuration': '其中没有配置',
  'must be a list of at most {0} configurations': '必须是最多 {0} 个配置的列表',
  '{0} is no field of a comparison; pins, steps are': '{0} 不是对比的字段；可用的是 pins、steps',
  'holds the same configuration twice': '包含两个相同的配置',
  '{0} must be an integer from 1 to {1}': '{0} 必须是 1 到 {1} 的整数',
  'rank {0} needs {1} before its first op, mostly {2} ({3}); the budget cluster.memoryBytes is {4}':
    'rank {0} 在第一个操作之前就需要 {1}，主要是{2}（{3}）；预算 cluster.memoryBytes 为 {4}',
  'rank {0} needs {1} at op {2}, mostly {3} ({4}); the budget cluster.memoryBytes is {5}':
    'rank {0} 在操作 {2} 处需要 {1}，主要是{3}（{4}）；预算 cluster.memoryBytes 为 {5}',
  'out of memory: {0} for {1} ({2}) on top of {3} is over the budget of {4}':
    '显存不足：{1}（{2}）的 {0} 加上已有的 {3} 超出预算 {4}',
  "out of memory: {0} for {1} ({2}) is over this adapter's limit of {3} for one buffer":
    '显存不足：{1}（{2}）的 {0} 超出此适配器单个缓冲区的上限 {3}',
  'out of memory: the adapter has no {0} left for {1} ({2})': '显存不足：适配器已没有 {0} 可供{1}（{2}）使用',
  'step {0}: the loss is {1} and the gradient norm {2}; lower optimizer.learningRate ({3})':
    '第 {0} 步：损失为 {1}，梯度范数为 {2}；请降低 optimizer.learningRate（{3}）',
  'step {0}: the loss is {1} and the gradient norm {2} before any update: it comes from the weights that the run began with':
    '第 {0} 步：尚未更新，损失就已是 {1}，梯度范数为 {2}：原因在于训练开始时的权重',
  'the file is a git-lfs pointer to one of {0} bytes; fetch that with "git lfs pull"':
    '该文件只是一个 git-lfs 指针，所指文件有 {0} 字节；请用 "git lfs pull" 获取',
  'the file is a web page, not weights; the download went wrong': '该文件是网页而不是权重；下载出了错',
  'the file is the index of several files, not weights; on the command line give it as a .json file':
    '该文件是多个分片文件的索引，而不是权重；请在命令行中以 .json 文件给出',
  'the file is JSON, not safetensors': '该文件是 JSON，而不是 safetensors',
  'the file is {0}, not safetensors': '该文件是 {0}，而不是 safetensors',
  'the header claims {0} bytes, the file has {1}; not a safetensors file, or truncated':
    '文件头声称有 {0} 字节，而文件只有 {1} 字节；它不是 safetensors 文件，或不完整',
  '{0} holds {1} at [{2}]': '{0} 在 [{2}] 处的值为 {1}',
  '{0} does not belong to this model': '{0} 不属于此模型',
  '{0} has shape [{1}]; the model takes [{2}]': '{0} 的形状为 [{1}]；模型需要 [{2}]',
  '{0} is there twice: as {1}, too': '{0} 出现了两次：另一次名为 {1}',
  '{0} is missing': '缺少 {0}',
  '{0} and {1} more biases are missing': '缺少 {0} 以及另外 {1} 个偏置',
  "{0} differs from {1} at element {2}; the model's head is tied":
    '{0} 与 {1} 在第 {2} 个元素处不同；此模型的输出头与嵌入共享',
  "the file's model has {0} {1}; this run's model.{2} is {3}": '文件中模型的 {0} 为 {1}；本次训练的 model.{2} 为 {3}',
  '{0}, but the weights were trained with {1}': '{0}，但这些权重是用 {1} 训练的',
  'out of memory, mostly {0}': '显存不足，主要是{0}',
  'out of memory, counted buffer by buffer': '显存不足（逐缓冲区计算）',
  'more stages than the {0} blocks': '阶段数多于 {0} 个块',
  'replicas do not divide the global batch of {0}': '副本数不能整除全局批量 {0}',
  'fewer samples than devices': '样本数少于设备数',
  'tensor ranks do not divide heads or MLP': '张量并行数不能整除注意力头或 MLP',
  'a tensor group would cross nodes': '张量组会跨越节点',
  'no layout over {0} devices makes sense ({1})': '{0} 个设备上没有合理的布局（{1}）',
  'nothing fits {0} devices of {1}; the smallest layout needs {2}, mostly {3}':
    '没有布局能放进 {0} 个 {1} 的设备；最小的布局需要 {2}，主要是{3}',
  parameters: '参数',
  gradients: '梯度',
  optimizer: '优化器状态',
  activations: '激活',
  communication: '通信',
  workspace: '工作区',
  '"{0}" is a file for the command line; a page reads data.text': '“{0}”是供命令行使用的文件；页面读取 data.text',
  '"{0}" was not chosen on this page; choose the file': '本页尚未选择“{0}”；请选择该文件',
  '"{0}" was not chosen on this page; choose the file or start from random weights':
    '本页尚未选择“{0}”；请选择该文件，或改用随机权重',
  '"{0}" is no address to download from; https:// or http://localhost is':
    '“{0}”不是可下载的地址；请使用 https:// 或 http://localhost',
  '"{0}" cannot be read: there is no such server, or it does not let other pages read it (CORS); download the file and choose it here':
    '无法读取“{0}”：服务器不存在，或不允许其他网页读取（CORS）；请先下载该文件，再在这里选择',
  '"{0}" answers {1} {2}': '“{0}”返回 {1} {2}',
  'this browser has no {0} adapter; it has {1}': '此浏览器没有 {0} 适配器；可用的有 {1}',
  '{0} ranks; this page trains on at most {1}: Simulate clocks more':
    '共 {0} 个 rank；本页最多训练 {1} 个：更多请用“模拟”',
  '{0} on {1} ranks of {2} blocks are too many ops for this page; at most {3}':
    '{0} 个微批次、{1} 个 rank、每个 {2} 层，操作数超出本页上限；最多 {3} 个微批次',
  'planning took longer than {0} s; use fewer ranks, micro-batches or blocks':
    '规划超过 {0} 秒；请减少 rank、微批次或层数',
  'planning was cancelled': '规划已取消',
  '{0} is no name of a file': '{0} 不是文件名',
  'weights are for a run, not for {0}': '权重只用于训练，不用于 {0}',
}
