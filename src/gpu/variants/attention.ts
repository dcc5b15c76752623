import attentionBackwardDelta from '../../../shaders/attention_backward_delta.wgsl?raw'
import attentionBackwardKeyValue from '../../../shaders/attention_backward_key_value.wgsl?raw'
import attentionBackwardQuery from '../../../shaders/attention_backward_query.wgsl?raw'
import attentionForward from '../../../shaders/attention_forward.wgsl?raw'
import { elements } from '../grid.ts'
import type { KernelParams, KernelTable } from '../kernel-row.ts'

const queries = (p: KernelParams) => p.B! * p.NH! * p.T!
const sixteen = (p: KernelParams) => elements(queries(p), 16)

/** Causal attention: forward, and the three passes of its backward. */
export const attentionRows: Pick<
  KernelTable,
  'attention_forward' | 'attention_backward_delta' | 'attention_backward_query' | 'attention_backward_key_value'
> = {
  attention_forward: [{ name: 'naive', source: attentionForward, workgroups: sixteen }],
  attention_backward_delta: [
    { name: 'naive', source: attentionBackwardDelta, workgroups: (p) => elements(queries(p)) },
  ],
  attention_backward_query: [{ name: 'naive', source: attentionBackwardQuery, workgroups: sixteen }],
  attention_backward_key_value: [{ name: 'naive', source: attentionBackwardKeyValue, workgroups: sixteen }],
}
