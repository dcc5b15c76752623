import nn from '../../../shaders/matmul_nn.wgsl?raw'
import nt from '../../../shaders/matmul_nt.wgsl?raw'
import tn from '../../../shaders/matmul_tn.wgsl?raw'
import { elements } from '../grid.ts'
import type { KernelParams, KernelTable, KernelVariant } from '../kernel-row.ts'

const perElement = (p: KernelParams) => elements(p.M! * p.N!)

function naive(source: string): KernelVariant {
  return { name: 'naive', source, workgroups: perElement }
}

export const matmulRows: Pick<KernelTable, 'matmul_nn' | 'matmul_nt' | 'matmul_tn'> = {
  matmul_nn: [naive(nn)],
  matmul_nt: [naive(nt)],
  matmul_tn: [naive(tn)],
}
