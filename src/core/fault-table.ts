/**
 * Everything that the program says about a failure, by code: its kind, and the English sentence with {names} in place
 * of its values. Nothing compiles where values are missing, or where a sentence of the page is not in Chinese
 * (ui/text/faults-zh.ts).
 */

/** What a failure means for whoever has to act on it. */
export type FaultKind = 'refused' | 'outOfMemory' | 'deviceLost' | 'noWebGpu' | 'noAdapter' | 'rank' | 'other'

/** A phrase is a part of a sentence: never a failure by itself. */
type RowKind = Exclude<FaultKind, 'rank'> | 'phrase'

function said<const Kind extends RowKind, const Text extends string>(kind: Kind, text: Text) {
  return { kind, text, commandLine: false } as const
}

/** Only the command line can say it: it needs no translation. */
function commandLine<const Kind extends RowKind, const Text extends string>(kind: Kind, text: Text) {
  return { kind, text, commandLine: true } as const
}

interface Row {
  readonly kind: RowKind
  readonly text: string
  readonly commandLine: boolean
}

export const FAULTS = {
  // Between values.
  both: said('phrase', '{first} and {second}'),
  either: said('phrase', '{first} or {second}'),
  also: said('phrase', '{first}, {second}'),

  // A configuration, its fields and the rules between them.
  'epochs-and-steps': said('refused', '{epochs} given together with steps; give one of the two'),
  'heads-do-not-divide-embed': said('refused', '{heads} does not divide model.embed: {embed}'),
  'does-not-divide-heads': said('refused', '{value} does not divide model.heads: {heads}'),
  'kv-heads-in-gpt2': said('refused', '{kvHeads} must equal model.heads ({heads}) in family gpt2'),
  'no-effect-here': said('refused', '{value} has no effect here: it needs {needs}; leave it at {usual}'),
  'head-size-odd': said('refused', '{headSize} is odd: rotary positions turn pairs; family llama takes an even one'),
  'several-data-sources': said('refused', '{sources} given; give one of corpus, text, tokens'),
  'vocab-smaller-than-tokenizer': said(
    'refused',
    '{vocab} is smaller than the {ids} ids of data.tokenizer {tokenizer}',
  ),
  'sequence-longer-than-context': said('refused', '{sequence} is longer than model.context: {context}'),
  'mesh-too-large': said('refused', '{data} × tensor {tensor} × pipeline {pipeline} are {ranks} ranks; at most {most}'),
  'entries-per-replica': said('refused', 'has {count} entries; one per replica is parallel.data: {data}'),
  'replica-without-sample': said(
    'refused',
    '{global} leaves some of the {replicas} replicas without a sample; at least {least}',
  ),
  'microbatch-left-empty': said(
    'refused',
    '{microbatches} would leave one empty: the smallest replica has {least} of batch.global {global}; at most {most}',
  ),
  'does-not-divide-kv-heads': said('refused', '{tensor} does not divide model.kvHeads: {kvHeads}'),
  'does-not-divide-ffn': said('refused', '{tensor} does not divide model.ffn: {ffn}'),
  'needs-tensor-ranks': said('refused', 'true needs parallel.tensor of 2 or more'),
  'tensor-does-not-divide-sequence': said(
    'refused',
    'true needs parallel.tensor ({tensor}) to divide batch.sequence: {sequence}',
  ),
  'mode-with-pipeline': said(
    'refused',
    '{dataMode} cannot be combined with parallel.pipeline {pipeline} ({why}); use ddp',
  ),
  'mode-with-tensor': said('refused', '{dataMode} cannot be combined with parallel.tensor {tensor} ({why}); use ddp'),
  'schedule-reorders-microbatches': said(
    'refused',
    '{schedule} reorders micro-batches, which data-parallel takes one after the other; use 1f1b',
  ),
  'zero-shards-kept-state': said('refused', '{zero} shards what {dataMode} keeps in one place; use 0, or dataMode ddp'),
  'needs-parameter-server': said('refused', 'true needs parallel.dataMode parameter-server'),
  'compression-of-other-exchange': said(
    'refused',
    '{kind} compresses the all-reduce of dataMode ddp with zero 0; use none here',
  ),
  'all-reduce-needs-zero-1': said('refused', 'all-reduce is a variant of parallel.zero 1, not {zero}'),
  'needs-zero-3': said('refused', 'true needs parallel.zero 3, not {zero}'),
  'entries-per-rank': said('refused', 'has {count} entries; one per rank is {world}'),
  'straggler-twice': said('refused', '{rank} is slowed down by an entry before this one'),
  'rank-outside-world': said('refused', '{rank} must be below the world size {world}'),
  'not-a-module': said('refused', '"{module}" is not a module of this model'),
  'module-in-two-units': said('refused', '"{module}" is already in a unit'),
  'chunks-of-interleaved': said('refused', '{chunks}: interleaved-1f1b takes 2 or more'),
  'chunks-of-zb-v': said('refused', '{chunks}: zb-v takes exactly 2'),
  'chunks-exactly-1': said('refused', '{chunks}: {schedule} takes exactly 1'),
  'microbatches-of-interleaved': said(
    'refused',
    '{microbatches}: interleaved-1f1b takes a multiple of parallel.pipeline ({pipeline})',
  ),
  'schedule-too-large': said(
    'refused',
    '{microbatches} on {stages} stages are a schedule of {actions} actions; at most {most}',
  ),
  'partition-sum-differs': said(
    'refused',
    '[{partition}] must have {stages} entries that sum to model.layers: {layers}',
  ),
  'more-stages-than-layers': said(
    'refused',
    '{pipeline} stages of {chunks} chunks are more than model.layers: {layers}',
  ),
  'only-for-simulate': said('refused', '{value} is for simulate; execution takes {allowed}'),
  'not-a-whole-number': said('refused', '{value} must be a whole number from {least} to {most}'),
  'not-a-number': said('refused', '{value} must be a number from {least} to {most}'),
  'not-a-boolean': said('refused', '{value} must be true or false'),
  'not-one-of': said('refused', '{value} must be one of {options}'),
  'not-a-text': said('refused', '{value} must be a non-empty text'),
  'not-shares': said('refused', '{value} must be null or a list of positive numbers, one per replica'),
  'not-adapters': said('refused', '{value} must be "default" or a list with one of {adapters} per rank'),
  'not-betas': said('refused', '{value} must be two numbers from 0 to below 1'),
  'not-a-partition': said('refused', '{value} must be "even", "balanced" or a list of blocks per stage'),
  'not-a-wrap': said(
    'refused',
    '{value} must be "block", "all", {"minParameters": N} or a list of lists of module names',
  ),
  'not-a-list': said('refused', '{value} must be a list'),
  'not-an-object': said('refused', '{value} must be an object'),
  'field-unknown': said('refused', 'unknown; allowed here: {known}'),
  'link-of-other-version': said('refused', '{text} must begin with "{form}"; it may come from another version'),
  'link-too-long': said('refused', '{characters} characters; at most {most}'),
  'link-does-not-unpack': said('refused', 'is damaged: it does not unpack'),
  'link-not-json': said('refused', 'is damaged: it holds no JSON'),
  'link-unpacks-too-large': said('refused', 'unpacks to more than {most} bytes'),
  'link-characters-bad': said('refused', 'is damaged: it has characters that no link holds'),
  'link-length-bad': said('refused', 'is damaged: its length is that of no base64'),
  'field-is': said('phrase', '{field} {value}'),
  'loss-and-optimizer-on-one-rank': said('phrase', 'one rank holds the loss and the optimizer'),
  'optimizer-on-server': said('phrase', 'the server holds the optimizer'),

  // What no strategy, schedule or Program covers.
  'not-an-action': said('refused', '"{text}" is not like 0F3, 1SEND_F2, 0I1, 0W1, 2UNSHARD, 1REDUCE_GRAD'),
  'program-not-json': said('refused', 'not JSON'),
  'program-incomplete': said('refused', 'needs world, ranks with buffers and ops, and groups'),
  'not-an-op': said('refused', '"{text}" is not like 0F3:h.2.attn, 1SEND_F2>3, ALL_REDUCE:bucket 0@0+1'),
  'too-many-ranks-for-program': said('refused', '{ranks} ranks; a Program has at most {most}'),
  'program-too-large': said(
    'refused',
    '{samples} samples in {microbatches} micro-batches make a Program of about {millions} million ops; at most {most}',
  ),
  'microbatch-empty-in-replica': said(
    'refused',
    '{microbatches} would leave one empty: replica {replica} has {size} samples',
  ),
  'partition-differs': said('refused', '[{partition}] must have {stages} entries that sum to model.layers {layers}'),
  'not-from-1': said('refused', '{value} is not a whole number from 1'),
  'schedule-takes-exact-chunks': said('refused', '{chunks}, but schedule {schedule} takes exactly {exactly}'),
  'schedule-takes-more-chunks': said('refused', '{chunks}, but schedule {schedule} takes a whole number from {least}'),
  'schedule-takes-multiples': said(
    'refused',
    '{microbatches}, but schedule {schedule} takes a multiple of parallel.pipeline ({pipeline}): {near}',
  ),
  'program-invalid': said('other', '{found}'),

  // Text, tokens and tokenizers.
  'training-step': said('phrase', 'step {step}'),
  'validation-batch': said('phrase', 'validation batch {batch}'),
  'sequence-without-loss': said('refused', '{sequence} is too short: no token of {data} counts for the loss'),
  'text-too-large': said('refused', '"{path}" has {bytes} bytes; a text has at most {most}'),
  'text-is-utf-32': said('refused', '"{path}" is UTF-32; save it as UTF-8, or as UTF-16 with its mark'),
  'text-is-llmc-file': said(
    'refused',
    '"{path}" is not text but a file of llm.c (magic {magic}); on the command line data.tokens reads its 16-bit tokens',
  ),
  'text-holds-zero': said(
    'refused',
    '"{path}" is not text: byte {byte} is 0x00; UTF-16 is read where it begins with its mark (ff fe, fe ff)',
  ),
  'text-not-utf-8': said(
    'refused',
    '"{path}" is not UTF-8: byte {at} is {byte}; save it as UTF-8, or as UTF-16 with its mark',
  ),
  'text-utf-16-odd': said('refused', '"{path}" has {bytes} bytes; UTF-16 takes an even number'),
  'text-utf-16-unit-bad': said('refused', '"{path}" is not text: the UTF-16 unit at byte {at} is {unit}'),
  'llmc-weights': said('phrase', 'weights'),
  'llmc-tokenizer': said('phrase', 'a tokenizer'),
  'llmc-evaluation': said('phrase', 'an evaluation'),
  'llmc-wide-tokens': said('phrase', 'tokens of 32 bits'),
  'llmc-other-file': said(
    'phrase',
    "is llm.c's file of {format} (magic {magic}); its files of 16-bit tokens (magic {tokens}) are read",
  ),
  'llmc-header-version': said(
    'phrase',
    "has llm.c's header of version {version}; version 1, with tokens of 16 bits, is read",
  ),
  'llmc-header-size': said(
    'phrase',
    "has llm.c's header for {tokens} tokens, which makes {bytes} bytes; the file has {given}",
  ),
  'sequence-too-short-for-corpus': said(
    'refused',
    '{sequence} is too short for data.corpus {corpus}: no token that counts for the loss comes within it',
  ),
  'data-fewer-than-batch': said(
    'refused',
    '{sequences} sequences of {tokens} tokens are fewer than batch.global: {global}',
  ),
  'tokenizer-makes-too-many-ids': said('refused', '{tokenizer} makes {ids} ids; at most {most}'),
  'file-not-readable-here': said('refused', '"{path}" cannot be read here'),
  'tokens-file': said('refused', '"{path}" {what}'),
  'tokens-odd-bytes': said('phrase', 'has {bytes} bytes; uint16 tokens take an even number'),
  'token-outside-vocab': said(
    'phrase',
    'holds token {token} at position {position}; ids go up to {most} (model.vocab {vocab})',
  ),
  'text-empty': said('refused', '"{path}" is empty'),
  'text-without-documents': said('refused', 'true, but "{path}" has no {mark}'),
  'text-character-bad': said('refused', '"{path}" is not text: character {at} is U+{code}'),
  'bpe-needs-larger-vocab': said('refused', '{vocab}: tokenizer bpe needs more than the 256 bytes, at least 257'),
  'tokenizer-without-document-end': said(
    'refused',
    'true, but the tokenizer of the weights has no id that ends a document',
  ),
  'character-not-in-corpus': said('refused', 'the character {character} does not occur in the corpus'),
  'tokenizer-bad': said('refused', 'its tokenizer {what}'),
  'tokenizer-not-json': said('phrase', 'is no JSON'),
  'tokenizer-not-object': said('phrase', 'is {value}, not an object'),
  'tokenizer-characters-bad': said('phrase', 'char has no list of distinct characters'),
  'tokenizer-merges-bad': said('phrase', 'bpe has no list of merges, each of two ids before its own'),
  'tokenizer-kind-unknown': said('phrase', 'has kind {kind}; one of {known} is read'),
  'tokens-too-few-for-step': said('phrase', 'has {count} tokens; a step of {samples} samples of {width} take {needed}'),
  'tokens-too-few-for-steps': said(
    'phrase',
    'has {count} tokens; {steps} steps of {samples} samples of {width} take {needed}',
  ),

  // Files of weights, and checkpoints.
  'not-saved-here': said('refused', '{name} is not saved here'),
  'file-is-lfs-pointer': said(
    'refused',
    'the file is a git-lfs pointer to one of {bytes} bytes; fetch that with "git lfs pull"',
  ),
  'file-is-web-page': said('refused', 'the file is a web page, not weights; the download went wrong'),
  'file-is-shard-index': said(
    'refused',
    'the file is the index of several files, not weights; on the command line give it as a .json file',
  ),
  'file-is-json': said('refused', 'the file is JSON, not safetensors'),
  'format-zip': said('phrase', "zip (PyTorch's format)"),
  'format-old-pickle': said('phrase', "a pickle (PyTorch's old format)"),
  'format-pickle': said('phrase', 'a pickle'),
  'file-is-other-format': said('refused', 'the file is {format}, not safetensors'),
  'tensor-not-of-model': said('refused', '{name} does not belong to this model'),
  'tensor-shape-differs': said('refused', '{name} has shape [{shape}]; the model takes [{expected}]'),
  'tensor-twice': said('refused', '{name} is there twice: as {other}, too'),
  'tensor-missing': said('refused', '{name} is missing'),
  'biases-missing': said('refused', '{name} and {more} more biases are missing'),
  'tied-head-differs': said(
    'refused',
    "{head} differs from {embedding} at element {element}; the model's head is tied",
  ),
  'file-shorter-than-header': said('refused', 'the file has {bytes} bytes; a header takes at least 8'),
  'header-longer-than-file': said(
    'refused',
    'the header claims {claimed} bytes, the file has {bytes}; not a safetensors file, or truncated',
  ),
  'tensor-overlaps': said('refused', '{name} overlaps the tensor before it at byte {begin}'),
  'bytes-between-tensors': said('refused', '{name} begins at byte {begin}; the bytes from {end} belong to nothing'),
  'bytes-after-tensors': said('refused', '{bytes} bytes after the last tensor belong to nothing'),
  'file-ends-early': said('refused', 'the file ends at byte {byte}; {promised} were promised'),
  'header-not-json': said('refused', 'the header is not JSON'),
  'header-not-object': said('refused', 'the header is {value}, not an object'),
  'key-twice': said('refused', '{key} is there twice'),
  'metadata-not-object': said('refused', '__metadata__: {value} is not an object of texts'),
  'metadata-not-text': said('refused', '__metadata__.{key}: {value} is not a text'),
  'tensor-description-bad': said('refused', '{name}: {value} is not a description'),
  'tensor-dtype-unknown': said('refused', '{name}: unknown dtype {dtype}'),
  'tensor-shape-bad': said('refused', '{name}: {shape} is not a shape'),
  'tensor-offsets-bad': said('refused', '{name}: bad data_offsets {offsets}'),
  'tensor-offsets-misfit': said(
    'refused',
    '{name}: {dtype} of shape {shape} takes {bytes} bytes, data_offsets give {given}',
  ),
  'tensor-truncated': said('refused', '{name} ends at byte {end}; the file holds {bytes}: it is truncated'),
  'tensor-dtype-unreadable': said('refused', '{name}: its dtype cannot be read; F32, F16 and BF16 can'),
  'tensor-value-not-finite': said('refused', '{name} holds {value} at [{place}]'),
  'index-not-json': said('refused', 'the index is not JSON'),
  'index-without-map': said('refused', 'the index has no weight_map that says the file of each tensor'),
  'shard-path-leads-elsewhere': said(
    'refused',
    'weight_map: {tensor} is in {file}; a .safetensors file beside the index is read',
  ),
  'index-empty': said('refused', 'weight_map names no tensor'),
  'tensor-not-in-shard': said('refused', '{name} should be in {file}; it is not'),
  'state-missing': said('refused', '{kind}.{name} is missing'),
  'state-value-negative': said('refused', '{name} holds {value} at element {element}'),
  'checkpoint-weights-only': said(
    'refused',
    'the file has weights only; a checkpoint also says its step and configuration',
  ),
  'checkpoint-checksum': said('refused', 'is damaged: its bytes do not have its checksum'),
  'checkpoint-version': said('refused', 'version {version}; this program reads {known}'),
  'metadata-not-whole-number': said('refused', '{key}: {value} must be a whole number'),
  'checkpoint-config-not-json': said('refused', 'config: {config} is not JSON'),
  'sequence-metadata-bad': said('refused', 'its {key} is {value}, not a number of tokens'),
  'model-metadata-bad': said('refused', 'its {key}: {why}'),
  'model-differs': said('refused', "the file's model has {key} {value}; this run's model.{field} is {expected}"),
  'missing-with-advice': commandLine('refused', '{missing}; {advice}'),
  'shard-unreadable': said('refused', '{why}'),
  'storage-full': said('other', "checkpoint {name} takes {bytes}; the browser's storage is full"),
  'storage-has-less': said('other', "checkpoint {name} takes {bytes}; the browser's storage has {left} left"),

  // The device.
  'gpu-read-failed': said('other', 'the GPU could not read back {bytes} bytes: {why}'),
  'no-adapter': said(
    'noAdapter',
    'WebGPU is here but offers no adapter: the graphics driver may be missing or blocked',
  ),
  'buffer-over-budget': said(
    'outOfMemory',
    'out of memory: {bytes} for {category} ({label}) on top of {held} is over the budget of {budget}',
  ),
  'buffer-over-limit': said(
    'outOfMemory',
    "out of memory: {bytes} for {category} ({label}) is over this adapter's limit of {limit} for one buffer",
  ),
  'buffer-no-room': said('outOfMemory', 'out of memory: the adapter has no {bytes} left for {category} ({label})'),
  'not-a-kernel': said('refused', '"{kernel}" is no kernel; allowed are {known}'),
  'not-a-variant': said('refused', '"{variant}" is no variant of {kernel}; allowed are {known}'),
  'kernel-variants-unreadable': said('refused', '"{given}" is neither table nor kernel=variant with spaces between'),
  'device-lost': said('deviceLost', 'the GPU device was lost ({reason}): {why}'),
  'gpu-refused': said('other', 'the GPU refused {what}: {why}'),
  'gpu-refused-buffer': said('other', 'the GPU refused {bytes} for {category} ({label}): {why}'),
  'gpu-no-room': said('outOfMemory', 'out of memory: the adapter has no room left for {what}'),
  'gpu-command': said('phrase', 'a command'),
  'gpu-submit': said('phrase', 'a submit'),
  'gpu-write': said('phrase', 'a write of {bytes} bytes ({buffer})'),
  'gpu-staging': said('phrase', '{bytes} bytes to read {buffer}'),
  'gpu-read': said('phrase', 'a read of {bytes} bytes'),
  'gpu-kernel': said('phrase', '{kernel} ({variant})'),
  'gpu-kernel-buffers': said('phrase', 'buffers of {kernel} ({variant})'),
  'adapter-not-here': said('refused', 'this machine offers no {choice} adapter; it has {offered}'),
  'no-adapter-at-all': said('refused', 'this machine offers no {choice} adapter; it has none at all'),
  parameters: said('phrase', 'parameters'),
  gradients: said('phrase', 'gradients'),
  optimizer: said('phrase', 'optimizer'),
  activations: said('phrase', 'activations'),
  communication: said('phrase', 'communication'),
  workspace: said('phrase', 'workspace'),

  // A running cluster.
  'stopped-before-start': said('other', 'the run was stopped before it began'),
  'run-did-not-end': said('other', 'the run did not end, and was ended'),
  'comparison-over': said('other', 'the comparison is over'),
  'measuring-cancelled': said('other', 'the measurement was cancelled'),
  'chunk-too-small': said('refused', '{chunk} is less than 1'),
  'group-size-differs': said('refused', '{ranks} ranks for a plan of {members} members'),
  'source-size-differs': said('refused', '{elements} elements where the plan holds {expected}'),
  'target-size-differs': said('refused', '{elements} elements where the plan keeps {expected}'),
  'logits-not-finite': said(
    'other',
    'the logits are not finite: the weights are too large for this model to compute with',
  ),
  'prompt-without-tokens': said('refused', '"{prompt}" has no tokens; write at least one character'),
  'nothing-is-running': said('refused', 'nothing is running'),
  'install-adapter': commandLine(
    'noAdapter',
    'no WebGPU adapter: install a GPU driver with Vulkan, or Chromium for its software adapter SwiftShader',
  ),
  'no-webgpu': said('noWebGpu', 'this browser has no WebGPU'),
  'weights-lack-tensor': said('refused', 'has no tensor {tensor}'),
  'server-has-no-checkpoint': said(
    'refused',
    'an asynchronous server always has pushes under way; take the weights instead',
  ),
  'checkpoint-of-other-model': said('refused', 'is of another model'),
  'checkpoint-of-other-optimizer': said('refused', 'is of optimizer {saved}; this run has {own}'),
  'checkpoint-past-end': said('refused', 'has {step} steps; this run ends after {total}'),
  'checkpoint-of-other-data': said('refused', 'was trained on other data'),
  'loss-not-finite': said(
    'other',
    'the loss is {loss} and the gradient norm {gradNorm}; lower optimizer.learningRate ({learningRate})',
  ),
  'loss-not-finite-at-start': said(
    'other',
    'the loss is {loss} and the gradient norm {gradNorm} before any update: it comes from the weights that the run began with',
  ),
  'run-over': said('other', 'the run is over'),
  'message-length-differs': said(
    'other',
    'message from rank {peer} on channel "{channel}" has {length} bytes where {expected} were expected',
  ),
  'no-such-peer': said('other', 'no rank {peer} among {world}'),
  'transport-closed': said('other', 'the transport of rank {rank} is closed'),
  'message-unreadable': said('other', 'a message from rank {peer} could not be read'),
  'memory-hub-unknown': said('refused', 'rank {rank} of memory hub {hub} is not here or already open'),
  'ring-size-bad': said('refused', '{bytes} is not a power of two from 1024 to 2^30'),
  'frame-unknown': said('other', 'rank {peer} sent a frame that nobody understands'),
  'code-length-differs': said('refused', '{bytes} bytes where {elements} elements take {expected}'),
  'ratio-out-of-range': said('refused', '{ratio} is not in (0, 1]'),
  'index-outside-vector': said('refused', 'index {index} in a vector of {count}'),
  'group-empty': said('refused', '{size} is not a group of at least 1'),
  'not-a-count': said('refused', '{value} is not a whole number of at least 0'),
  'parts-for-members': said('refused', '{parts} parts for {members} members'),
  'parts-sum-differs': said('refused', 'add up to {offset}, not to the {elements} elements'),
  'not-a-member': said('refused', '{member} is not a member of a group of {size}'),
  'root-not-in-group': said('refused', 'rank {root} is not in the group {group}'),
  unexpected: said('other', '{message}'),
  'rank-silent': said('other', 'has not answered for {seconds} s'),
  'worker-ended': said('other', 'its worker ended'),
  'thread-ended': commandLine('other', 'its thread ended'),
  'rank-closed': said('other', 'closed'),

  // Simulating and planning.
  'device-unknown': said('refused', '"{name}" is not one of this, {known}'),
  'rank-over-budget-at-start': said(
    'outOfMemory',
    'rank {rank} needs {bytes} before its first op, mostly {category} ({categoryBytes}); the budget cluster.memoryBytes is {budget}',
  ),
  'rank-over-budget': said(
    'outOfMemory',
    'rank {rank} needs {bytes} at op {op}, mostly {category} ({categoryBytes}); the budget cluster.memoryBytes is {budget}',
  ),
  'name-not-in-table': said('refused', '"{name}" is not one of {known}'),
  'too-many-devices-to-plan': said('refused', '{devices} devices; a plan takes at most {most}'),
  'layout-stages-exceed-blocks': said('phrase', 'more stages than the {blocks} blocks'),
  'layout-replicas-do-not-divide': said('phrase', 'replicas do not divide the global batch of {global}'),
  'layout-samples-too-few': said('phrase', 'fewer samples than devices'),
  'layout-tensor-does-not-divide': said('phrase', 'tensor ranks do not divide heads or MLP'),
  'layout-crosses-nodes': said('phrase', 'a tensor group would cross nodes'),
  'layout-out-of-memory': said('phrase', 'out of memory, mostly {category}'),
  'nothing-fits': said(
    'refused',
    'nothing fits {devices} devices of {bytes}; the smallest layout needs {needed}, mostly {category}',
  ),
  'no-layout-makes-sense': said('refused', 'no layout over {devices} devices makes sense ({reasons})'),
  'layout-out-of-memory-counted': said('phrase', 'out of memory, counted buffer by buffer'),

  // The page.
  'browser-lacks-adapter': said('refused', 'this browser has no {adapter} adapter; it has {offered}'),
  'not-a-file-name': said('refused', '{name} is no name of a file'),
  'not-a-place': said('refused', '"{place}" is no place; {places} are'),
  'weights-only-for-run': said('refused', 'weights are for a run, not for {place}'),
  'link-without-configuration': said('refused', 'holds no configuration'),
  'no-run': said('other', 'there is no run'),
  'compare-is-training': said('other', 'Compare is training: cancel it there first'),
  'comparison-field-unknown': said('refused', '{unknown} is no field of a comparison; pins, steps are'),
  'pins-not-a-list': said('refused', 'must be a list of at most {most} configurations'),
  'steps-not-an-integer': said('refused', '{steps} must be an integer from 1 to {most}'),
  'pins-equal': said('refused', 'holds the same configuration twice'),
  'address-not-downloadable': said(
    'refused',
    '"{url}" is no address to download from; https:// or http://localhost is',
  ),
  'address-unreadable': said(
    'refused',
    '"{url}" cannot be read: there is no such server, or it does not let other pages read it (CORS); download the file and choose it here',
  ),
  'address-answers': said('refused', '"{url}" answers {status} {statusText}'),
  'file-cannot-be-read': said('refused', '"{name}" cannot be read'),
  'tokens-file-on-page': said('refused', '"{path}" is a file for the command line; a page reads data.text'),
  'text-not-chosen': said('refused', '"{name}" was not chosen on this page; choose the file'),
  'weights-not-chosen': said(
    'refused',
    '"{name}" was not chosen on this page; choose the file or start from random weights',
  ),
  'planning-took-too-long': said(
    'other',
    'planning took longer than {seconds} s; use fewer ranks, micro-batches or blocks',
  ),
  'too-many-ranks-for-page': said('refused', '{ranks} ranks; this page trains on at most {most}: Simulate clocks more'),
  'too-many-ops-for-page': said(
    'refused',
    '{microbatches} on {ranks} ranks of {blocks} blocks are too many ops for this page; at most {most}',
  ),
  'planning-cancelled': said('other', 'planning was cancelled'),
  'browser-draws-no-pictures': said('other', 'this browser draws no pictures'),
  'run-not-loaded': said('other', 'the run ended unexpectedly: its worker could not be loaded'),
  'run-message-unreadable': said('other', 'a message of the run could not be read'),
  'planner-not-loaded': said('other', 'the planner could not be loaded'),
  'simulator-ended': said('other', 'the simulator ended unexpectedly'),

  // The command line.
  'weights-say-too-little': commandLine('refused', '"{path}" does not say its {missing}; give --config'),
  'tokenizer-differs': said('refused', '{tokenizer}, but the weights were trained with {trained}'),
  'stdout-cannot-be-written': commandLine('other', 'standard output cannot be written ({why})'),
  'output-path-no-file': commandLine('refused', '"{path}" is no file; it takes a path'),
  'output-path-taken': commandLine('refused', '"{path}" is also what --{option} writes'),
  'file-cannot-be-opened': commandLine('refused', '"{path}" cannot be read ({why})'),
  'path-is-directory': commandLine('refused', '"{path}" is a directory; it takes a file'),
  'file-too-large': commandLine('refused', '"{path}" has {bytes} bytes; at most {most}'),
  'input-too-large': commandLine('refused', '{name} has more than {most} bytes'),
  'input-not-json': commandLine('refused', '{what} cannot be read as JSON ({why})'),
  'file-ends-at': commandLine('refused', '"{path}" ends at byte {byte}'),
  'option-of-one-configuration': commandLine('refused', 'is of one configuration; an array is given'),
  'none-simulated': commandLine('refused', 'none of its {count} configurations could be simulated'),
  'too-many-ranks-to-execute': commandLine('refused', '{ranks} ranks; execution takes at most {most}'),
  'init-given-with-resume': commandLine(
    'refused',
    'given together with --resume, which brings its own weights; give one of the two',
  ),
  'missing-bias-without-init': commandLine('refused', 'is about the file of --init; none is given'),
  'server-has-no-checkpoint-save': commandLine(
    'refused',
    'an asynchronous server always has pushes under way; use --save',
  ),
  'json-too-deep': commandLine('other', 'nested deeper than {levels} levels'),
  'output-cannot-be-opened': commandLine('refused', '"{path}" cannot be written ({why})'),
  'output-cannot-be-written': commandLine('other', '"{path}" cannot be written ({why})'),
} as const satisfies Readonly<Record<string, Row>>
