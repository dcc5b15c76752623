import backwardDelta from '../../../shaders/attention_backward_delta.wgsl?raw'
import backwardKeyValue from '../../../shaders/attention_backward_key_value.wgsl?raw'
import backwardQuery from '../../../shaders/attention_backward_query.wgsl?raw'
import forward from '../../../shaders/attention_forward.wgsl?raw'
import { elements } from '../grid.ts'
import type { KernelParams, KernelTable, KernelVariant } from '../kernel-row.ts'

type AttentionKernel =
  | 'attention_forward'
  | 'attention_backward_delta'
  | 'attention_backward_query'
  | 'attention_backward_key_value'

/** One invocation per (batch, head, position). */
const perPosition = (p: KernelParams) => elements(p.B! * p.NH! * p.T!, 32)

function naive(source: string): KernelVariant {
  return { name: 'naive', source, workgroups: perPosition }
}

export const attentionRows: Pick<KernelTable, AttentionKernel> = {
  attention_forward: [naive(forward)],
  attention_backward_delta: [naive(backwardDelta)],
  attention_backward_query: [naive(backwardQuery)],
  attention_backward_key_value: [naive(backwardKeyValue)],
}
