import type { ValueOf } from './field.ts'
import type { RUN } from './fields/run.ts'

/** The run configuration with every default filled in. Its fields are the rows of fields/. */
export type RunConfig = ValueOf<typeof RUN>

export type ModelConfig = RunConfig['model']
export type OptimizerConfig = RunConfig['optimizer']
export type ParallelConfig = RunConfig['parallel']
export type ClusterConfig = RunConfig['cluster']
export type DataConfig = RunConfig['data']

export type Precision = RunConfig['precision']
export type FamilyName = ModelConfig['family']
export type TokenizerKind = DataConfig['tokenizer']
export type CorpusName = NonNullable<DataConfig['corpus']>
export type ScheduleName = ParallelConfig['schedule']
export type Recompute = ParallelConfig['recompute']
export type CollectiveAlgorithm = ParallelConfig['collective']
export type CompressionConfig = ParallelConfig['compression']
export type AdapterChoice = Exclude<ClusterConfig['adapters'], 'default'>[number]
