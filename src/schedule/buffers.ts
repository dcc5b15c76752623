import type { Category } from '../core/bytes.ts'
import type { Dtype } from '../core/dtypes.ts'

/** The role of a buffer. */
const BUFFER_ROLES = [
  'parameter',
  /** A rank's own part of a parameter that is gathered on use. */
  'parameterShard',
  /** A parameter gathered for one visit. */
  'gathered',
  /** A parameter as a worker last pulled it from a server. */
  'pulled',
  'gradient',
  'gradientShard',
  /** A gradient as the backward left it, kept beside the accumulated one. */
  'gradientCopy',
  /** Master weights, of which the working ones are a coarser copy. */
  'master',
  'moment1',
  'moment2',
  'input',
  'activation',
  'activationGradient',
  'recomputed',
  /** Data in transit between ranks, or waiting to be sent. */
  'message',
  'staging',
  'uniforms',
  'workspace',
] as const
export type BufferRole = (typeof BUFFER_ROLES)[number]

/**
 * Identity of a rank's buffer: equal records are the same buffer. The executor, the plan and the clock use its name,
 * which is derived from the record here and parsed nowhere.
 */
export interface BufferId {
  readonly role: BufferRole
  /** Hugging Face's name of a parameter, "h.3.attn.qkv", "bucket 0:encoded" … */
  readonly tensor: string
  /** Of one micro-batch only. */
  readonly microbatch?: number
  /** Of one visit of a unit that is gathered on use. */
  readonly visit?: number
  /** A copy of another rank's buffer. */
  readonly copyOf?: number
  /** First element of the tensor's range it holds; omitted where 0. */
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

/** The default memory category of a role. */
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

/** The default element type of a role. */
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
