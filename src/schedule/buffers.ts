import type { Category } from '../core/bytes.ts'
import type { Dtype } from '../core/dtypes.ts'

/** What a buffer holds. */
const BUFFER_ROLES = [
  'parameter',
  /** A rank's own part of a parameter that is gathered when it is used. */
  'parameterShard',
  /** A parameter gathered for one visit. */
  'gathered',
  /** A parameter as a worker last pulled it from a server. */
  'pulled',
  'gradient',
  'gradientShard',
  /** A gradient as the backward left it, kept beside the one that micro-batches add to. */
  'gradientCopy',
  /** Weights of which the working ones are a coarser copy. */
  'master',
  'moment1',
  'moment2',
  'input',
  'activation',
  'activationGradient',
  'recomputed',
  /** What is on its way between ranks, or waits to go. */
  'message',
  'staging',
  'uniforms',
  'workspace',
] as const
export type BufferRole = (typeof BUFFER_ROLES)[number]

/**
 * Which buffer of a rank: equal records are the same buffer. The executor, the plan and the clock go by its name, which is
 * made of the record here and parsed nowhere.
 */
export interface BufferId {
  readonly role: BufferRole
  /** Hugging Face's name of a parameter, "h.3.attn.qkv", "bucket 0:encoded" … */
  readonly tensor: string
  /** Of one micro-batch alone. */
  readonly microbatch?: number
  /** Of one visit of a unit that is gathered for its use. */
  readonly visit?: number
  /** A copy of another rank's buffer. */
  readonly copyOf?: number
  /** First element of the range it holds of the tensor; left out where that is 0. */
  readonly from?: number
}

const PREFIX: Partial<Record<BufferRole, string>> = {
  parameter: 'param:',
  gathered: 'param:',
  parameterShard: 'pshard:',
  pulled: 'pulled:',
  gradient: 'grad:',
  gradientShard: 'gshard:',
  gradientCopy: 'gcopy:',
  master: 'master:',
  moment1: 'm:',
  moment2: 'v:',
  input: 'in.',
  recomputed: 're:',
}

/** "param:h.3.attn.c_attn.weight", "mb2:h.3.ln_1.y", "u7:param:wte.weight", "m:wte.weight@128" */
export function bufferName({ role, tensor, microbatch, visit, copyOf, from = 0 }: BufferId): string {
  const copy = copyOf === undefined ? '' : `r${copyOf}:`
  const place = visit !== undefined ? `u${visit}:` : microbatch !== undefined ? `mb${microbatch}:` : ''
  return `${copy}${place}${PREFIX[role] ?? ''}${tensor}${from === 0 ? '' : `@${from}`}`
}

/** The memory category of what a buffer holds, where nothing else decides it. */
export const CATEGORY_OF: Readonly<Record<BufferRole, Category>> = {
  parameter: 'parameters',
  parameterShard: 'parameters',
  gathered: 'parameters',
  pulled: 'parameters',
  gradient: 'gradients',
  gradientShard: 'gradients',
  gradientCopy: 'gradients',
  master: 'optimizer',
  moment1: 'optimizer',
  moment2: 'optimizer',
  input: 'activations',
  activation: 'activations',
  activationGradient: 'activations',
  recomputed: 'activations',
  message: 'communication',
  staging: 'workspace',
  uniforms: 'workspace',
  workspace: 'workspace',
}

/** What the elements of a buffer are, where nothing else says so. */
export const DTYPE_OF: Readonly<Record<BufferRole, Dtype>> = {
  parameter: 'working',
  parameterShard: 'working',
  gathered: 'working',
  pulled: 'working',
  gradient: 'gradient',
  gradientShard: 'gradient',
  gradientCopy: 'working',
  master: 'master',
  moment1: 'moment',
  moment2: 'moment',
  input: 'u32',
  activation: 'working',
  activationGradient: 'working',
  recomputed: 'working',
  message: 'working',
  staging: 'u32',
  uniforms: 'u32',
  workspace: 'f32',
}

export function workspaceId(tensor: string): BufferId {
  return { role: 'workspace', tensor }
}

export function messageId(tensor: string): BufferId {
  return { role: 'message', tensor }
}
