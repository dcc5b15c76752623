import block from '../../../shaders/lib/matmul_block.wgsl?raw'
import output from '../../../shaders/lib/matmul_output.wgsl?raw'
import outputBias from '../../../shaders/lib/matmul_output_bias.wgsl?raw'
import scalarLoads from '../../../shaders/lib/matmul_scalar.wgsl?raw'
import vec4Loads from '../../../shaders/lib/matmul_vec4.wgsl?raw'
import matmulNn from '../../../shaders/matmul_nn.wgsl?raw'
import matmulNnBlocks from '../../../shaders/matmul_nn_blocks.wgsl?raw'
import matmulNnQuads from '../../../shaders/matmul_nn_quads.wgsl?raw'
import matmulNnTiles from '../../../shaders/matmul_nn_tiles.wgsl?raw'
import matmulNt from '../../../shaders/matmul_nt.wgsl?raw'
import matmulNtBlocks from '../../../shaders/matmul_nt_blocks.wgsl?raw'
import matmulNtQuads from '../../../shaders/matmul_nt_quads.wgsl?raw'
import matmulNtTiles from '../../../shaders/matmul_nt_tiles.wgsl?raw'
import matmulTn from '../../../shaders/matmul_tn.wgsl?raw'
import matmulTnBlocks from '../../../shaders/matmul_tn_blocks.wgsl?raw'
import matmulTnQuads from '../../../shaders/matmul_tn_quads.wgsl?raw'
import matmulTnTiles from '../../../shaders/matmul_tn_tiles.wgsl?raw'
import { elements, grid } from '../grid.ts'
import type { KernelParams, KernelTable, KernelVariant } from '../kernel-row.ts'

type Layout = 'matmul_nn' | 'matmul_nt' | 'matmul_tn'

interface LayoutSources {
  readonly naive: string
  /** Four invocations share their loads by quad broadcast: fast where a GPU is simulated on a CPU. */
  readonly quads: string
  /** Register blocks only: runs everywhere. */
  readonly blocks: string
  /** Through workgroup memory: fast on GPUs. */
  readonly tiles: string
  /** Epilogue of a sum (bias, accumulation, offsets, edges). */
  readonly output: string
  /** Row strides and offsets that must be multiples of 4 for vec4 loads of both factors. */
  readonly strides: readonly string[]
}

const LAYOUTS: Readonly<Record<Layout, LayoutSources>> = {
  matmul_nn: {
    naive: matmulNn,
    quads: matmulNnQuads,
    blocks: matmulNnBlocks,
    tiles: matmulNnTiles,
    output: outputBias,
    strides: ['N', 'K', 'lda', 'aOffset'],
  },
  matmul_nt: {
    naive: matmulNt,
    quads: matmulNtQuads,
    blocks: matmulNtBlocks,
    tiles: matmulNtTiles,
    output: outputBias,
    strides: ['K', 'lda', 'aOffset'],
  },
  matmul_tn: {
    naive: matmulTn,
    quads: matmulTnQuads,
    blocks: matmulTnBlocks,
    tiles: matmulTnTiles,
    output,
    strides: ['lda', 'ldb', 'aOffset', 'bOffset'],
  },
}

/** A grid of workgroups that each compute rows × columns of the product. */
function blocksOf(rows: number, columns: number): KernelVariant['workgroups'] {
  return (p) => grid(Math.ceil(p.N! / columns) * Math.ceil(p.M! / rows))
}

/** The two ways a shader loads four elements: one vec4 where the strides allow it, or one by one. */
function loads(
  name: string,
  layout: LayoutSources,
  body: string,
  rest: Omit<KernelVariant, 'name' | 'source' | 'fits'>,
): readonly [KernelVariant, KernelVariant] {
  const source = (access: string) => [access, layout.output, block, body].join('\n')
  const aligned = (p: KernelParams) => layout.strides.every((field) => p[field]! % 4 === 0)
  return [
    { ...rest, name: `${name}-vec4`, source: source(vec4Loads), fits: aligned },
    { ...rest, name, source: source(scalarLoads) },
  ]
}

function row(layout: LayoutSources): readonly KernelVariant[] {
  return [
    { name: 'naive', source: layout.naive, workgroups: (p) => elements(p.M! * p.N!) },
    // Where a GPU is simulated on a CPU a vec4 load costs as much as four scalar loads.
    {
      name: 'quads',
      source: ['enable subgroups;', scalarLoads, layout.output, block, layout.quads].join('\n'),
      workgroups: blocksOf(8, 16),
      features: ['subgroups'],
    },
    ...loads('blocks', layout, layout.blocks, { workgroups: blocksOf(16, 16) }),
    ...loads('tiles', layout, layout.tiles, { workgroups: blocksOf(64, 64), constants: { TILE_M: 64 } }),
    ...loads('tiles-128', layout, layout.tiles, { workgroups: blocksOf(128, 64), constants: { TILE_M: 128 } }),
  ]
}

/** The matrix products of a linear layer: forward (nn), input gradient (nt), weight gradient (tn). */
export const matmulRows: Pick<KernelTable, Layout> = {
  matmul_nn: row(LAYOUTS.matmul_nn),
  matmul_nt: row(LAYOUTS.matmul_nt),
  matmul_tn: row(LAYOUTS.matmul_tn),
}
