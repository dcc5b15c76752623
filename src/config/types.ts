/** The run configuration with every default filled in. Meanings: docs/configuration and public/run.schema.json. */

import type { SoftwareId } from './names.ts'

export type Precision = 'f32' | 'mixed-bf16' | 'mixed-f16'
export type Family = 'gpt2' | 'llama'
export type TokenizerKind = 'byte' | 'char' | 'bpe' | 'gpt2'
export type CorpusName = 'translation-de-en' | 'addition' | 'sorting' | 'brackets'
export type DataMode = 'ddp' | 'data-parallel' | 'parameter-server'
export type ServerPlace = 'gpu0' | 'cpu' | 'sharded'
export type ScheduleName = 'naive' | 'gpipe' | '1f1b' | 'interleaved-1f1b' | 'zb-h1' | 'zb-h2' | 'zb-v'
export type Recompute = 'none' | 'selective' | 'full'
export type CollectiveAlgorithm = 'ring' | 'tree' | 'star'
export type AdapterChoice = 'high-performance' | 'low-power' | 'fallback'
export type LearningRateSchedule = 'constant' | 'linear' | 'cosine'

export interface ModelConfig {
  /** null when the shape was given field by field. */
  readonly preset: string | null
  readonly family: Family
  readonly layers: number
  readonly heads: number
  /** Key/value heads (grouped-query attention); equals heads for GPT-2. */
  readonly kvHeads: number
  /** Width of one head; embed/heads unless given. */
  readonly headSize: number
  readonly embed: number
  /** Hidden width of the MLP; 4·embed for GPT-2. */
  readonly ffn: number
  readonly context: number
  readonly vocab: number
  /** Output head shares the token embedding. */
  readonly tied: boolean
  /** Scores in memory or in one kernel that never writes them; absent or null: as the software has it. */
  readonly attention?: 'fused' | 'materialized' | null
  /** Share that is dropped: only that its masks are kept and moved is simulated; absent or null: as the software has it. */
  readonly dropout?: number | null
}

export interface DataConfig {
  /** A built-in corpus, or null with `text` or `tokens` given. */
  readonly corpus: CorpusName | null
  readonly tokenizer: TokenizerKind
  readonly text: string | null
  readonly tokens: string | null
  readonly order: 'shuffled' | 'sequential'
}

export interface BatchConfig {
  readonly global: number
  /** Micro-batches per replica and optimizer step. */
  readonly microbatches: number
  readonly sequence: number
  readonly shares: readonly number[] | null
}

export interface OptimizerConfig {
  readonly kind: 'adamw' | 'sgd'
  readonly learningRate: number
  readonly betas: readonly [number, number]
  readonly epsilon: number
  readonly weightDecay: number
  readonly gradClip: number
  readonly momentum: number
  readonly schedule: LearningRateSchedule
  readonly warmupSteps: number
}

export type CompressionConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'fp16' }
  | { readonly kind: 'int8' }
  | { readonly kind: 'topk'; readonly ratio: number; readonly errorFeedback: boolean }

export type FsdpWrap = 'block' | 'all' | { readonly minParameters: number } | readonly (readonly string[])[]

export interface ParallelConfig {
  readonly data: number
  readonly tensor: number
  readonly pipeline: number
  readonly dataMode: DataMode
  readonly server: { readonly at: ServerPlace; readonly async: boolean; readonly maxStaleness: number }
  readonly zero: 0 | 1 | 2 | 3
  readonly zeroPartition: 'flat' | 'greedy'
  /** ZeRO-1's gradient reduction: reduce-scatter, or the teaching variant that all-reduces first (an addition to the contract). */
  readonly zeroReduce: 'reduce-scatter' | 'all-reduce'
  readonly fsdp: { readonly wrap: FsdpWrap; readonly reshardAfterForward: boolean; readonly cpuOffload: boolean }
  readonly schedule: ScheduleName
  readonly chunks: number
  readonly partition: 'even' | 'balanced' | readonly number[]
  readonly sequenceParallel: boolean
  readonly recompute: Recompute
  readonly bucketBytes: number
  readonly overlap: boolean
  readonly collective: CollectiveAlgorithm
  readonly compression: CompressionConfig
}

export interface ClusterConfig {
  readonly adapters: 'default' | readonly AdapterChoice[]
  readonly device: string
  readonly devicesPerNode: number
  readonly nicsPerNode: number | null
  /** How many times the traffic of the ports exceeds what the network behind them carries; 1: a full fat tree. */
  readonly oversubscription: number
  readonly intraNode: string
  readonly interNode: string
  readonly hostLink: string
  readonly memoryBytes: number | null
  /** Whose kernels and habits are simulated; absent or null: tabcluster in f32, modern in mixed precision. */
  readonly software?: SoftwareId | null
  readonly stragglers: readonly { readonly rank: number; readonly slowdown: number }[]
}

export interface RunConfig {
  readonly version: 1
  readonly seed: number
  /** Optimizer steps; null when `epochs` is given. */
  readonly steps: number | null
  readonly epochs: number | null
  readonly precision: Precision
  readonly model: ModelConfig
  readonly data: DataConfig
  readonly batch: BatchConfig
  readonly optimizer: OptimizerConfig
  readonly parallel: ParallelConfig
  readonly cluster: ClusterConfig
}
