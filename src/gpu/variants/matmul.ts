import matmulNn from '../../../shaders/matmul_nn.wgsl?raw'
import matmulNt from '../../../shaders/matmul_nt.wgsl?raw'
import matmulTn from '../../../shaders/matmul_tn.wgsl?raw'
import { elements } from '../grid.ts'
import type { KernelParams, KernelTable } from '../kernel-row.ts'

const perElement = (p: KernelParams) => elements(p.M! * p.N!)

/** The matrix products of a linear layer: forward (nn), input gradient (nt), weight gradient (tn). */
export const matmulRows: Pick<KernelTable, 'matmul_nn' | 'matmul_nt' | 'matmul_tn'> = {
  matmul_nn: [{ name: 'naive', source: matmulNn, workgroups: perElement }],
  matmul_nt: [{ name: 'naive', source: matmulNt, workgroups: perElement }],
  matmul_tn: [{ name: 'naive', source: matmulTn, workgroups: perElement }],
}
