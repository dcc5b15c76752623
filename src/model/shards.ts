import type { ParameterSpec } from './parameters.ts'

/** `length` elements from `global` of the whole tensor are at `local` of a rank's part (both flattened, row-major). */
export interface ShardRun {
  readonly local: number
  readonly global: number
  readonly length: number
}

/**
 * How tensor rank `index` of `tensor` holds a parameter. Columns and rows are split evenly; qkv takes this rank's heads
 * of each third; a vocabulary is split after padding, and no run covers the padding (it is zero).
 */
export function shardRuns(spec: ParameterSpec, tensor: number, index: number): ShardRun[] {
  const total = spec.shape.reduce((a, b) => a * b, 1)
  if (tensor === 1 || spec.tensorAxis === null) return [{ local: 0, global: 0, length: total }]
  const columns = spec.shape.at(-1)!
  const rows = total / columns
  switch (spec.tensorAxis.kind) {
    case 'rows':
      return [{ local: 0, global: (index * total) / tensor, length: total / tensor }]
    case 'vocab': {
      const each = Math.ceil(rows / tensor)
      const first = each * index
      const held = Math.max(0, Math.min(each, rows - first))
      return [{ local: 0, global: first * columns, length: held * columns }]
    }
    case 'columns': {
      const width = columns / tensor
      return Array.from({ length: rows }, (_, r) => ({
        local: r * width,
        global: r * columns + index * width,
        length: width,
      }))
    }
    case 'qkv': {
      const width = columns / 3 / tensor
      return Array.from({ length: rows * 3 }, (_, i) => ({
        local: i * width,
        global: Math.floor(i / 3) * columns + (i % 3) * (columns / 3) + index * width,
        length: width,
      }))
    }
  }
}
