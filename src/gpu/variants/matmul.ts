import nn from '../../../shaders/matmul_nn.wgsl?raw'
import nnBlocks from '../../../shaders/matmul_nn_blocks.wgsl?raw'
import nnTiles from '../../../shaders/matmul_nn_tiles.wgsl?raw'
import nt from '../../../shaders/matmul_nt.wgsl?raw'
import ntBlocks from '../../../shaders/matmul_nt_blocks.wgsl?raw'
import ntTiles from '../../../shaders/matmul_nt_tiles.wgsl?raw'
import tn from '../../../shaders/matmul_tn.wgsl?raw'
import tnBlocks from '../../../shaders/matmul_tn_blocks.wgsl?raw'
import tnTiles from '../../../shaders/matmul_tn_tiles.wgsl?raw'
import { elements, grid } from '../grid.ts'
import type { KernelParams, KernelTable, KernelVariant } from '../kernel-row.ts'

function naive(source: string): KernelVariant {
  return { name: 'naive', source, workgroups: (p) => elements(p.M! * p.N!) }
}

const fours = (...values: readonly (number | undefined)[]) => values.every((value = 0) => value % 4 === 0)

/** 8 × 16 of c per invocation, 16 invocations to a workgroup; vec4 loads ask for multiples of 4. */
function blocks(source: string, fits: (p: KernelParams) => boolean): KernelVariant {
  const count = (p: KernelParams) => Math.ceil(p.M! / 8) * Math.ceil(p.N! / 16)
  return { name: 'blocks', source, workgroups: (p) => elements(count(p), 16), fits }
}

/** 64 × 64 of c per workgroup of 256. */
function tiles(source: string): KernelVariant {
  return {
    name: 'tiles',
    source,
    workgroups: (p) => grid(Math.ceil(p.M! / 64) * Math.ceil(p.N! / 64)),
    fits: (_, limits) => limits.maxComputeInvocationsPerWorkgroup >= 256,
  }
}

export const matmulRows: Pick<KernelTable, 'matmul_nn' | 'matmul_nt' | 'matmul_tn'> = {
  matmul_nn: [naive(nn), blocks(nnBlocks, (p) => fours(p.N, p.cOffset)), tiles(nnTiles)],
  matmul_nt: [naive(nt), blocks(ntBlocks, (p) => fours(p.N, p.K, p.aOffset, p.cOffset)), tiles(ntTiles)],
  matmul_tn: [naive(tn), blocks(tnBlocks, (p) => fours(p.M, p.N, p.aOffset, p.bOffset)), tiles(tnTiles)],
}
