import type {
  CollectiveAlgorithm,
  CompressionConfig,
  ModelConfig,
  Precision,
  Recompute,
  ScheduleName,
} from '../config/types.ts'
import type { Software } from './cost/software.ts'
import type { Cluster } from './links.ts'

/** A training step, in the sizes that decide its time and memory. */
export interface StepSetup {
  readonly model: ModelConfig
  readonly precision: Precision
  readonly sequence: number
  /** Samples of one micro-batch, and micro-batches per replica. */
  readonly microBatch: number
  readonly microbatches: number
  readonly data: number
  readonly tensor: number
  readonly pipeline: number
  readonly schedule: ScheduleName
  readonly chunks: number
  readonly zero: 0 | 1 | 2 | 3
  /** With zero 3: parameters are given back after the forward and gathered again (the default). */
  readonly reshard?: boolean
  readonly sequenceParallel: boolean
  readonly recompute: Recompute
  readonly cluster: Cluster
  readonly software: Software
  /** Copies of a parameter the optimizer keeps in f32: 2 moments of AdamW (the default), 1 or 0 of SGD. */
  readonly moments?: 0 | 1 | 2
  /** Replicas exchange by all-reduce (the default), or over one of them that holds the optimizer. */
  readonly exchange?: 'all-reduce' | 'star'
  /** How collectives go; a ring where absent. */
  readonly collective?: CollectiveAlgorithm
  /** Of gradients between replicas, with zero 0. */
  readonly compression?: CompressionConfig
  /** Gradients are reduced in buckets of about so many bytes; without a limit where absent. */
  readonly bucketBytes?: number
  /** Gradients may be reduced while the last backward runs; false where absent. */
  readonly overlap?: boolean
  /** With zero 3: shards and optimizer state are in the host's memory. */
  readonly offload?: boolean
  /** Blocks per virtual stage: given, or balanced with the head; even when absent. */
  readonly partition?: 'balanced' | readonly number[]
}
