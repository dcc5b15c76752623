import { collectiveSeconds } from '../collective-cost.ts'
import { num, parseCsv } from './csv.ts'
import { median, percentErrors, type Point, type ReportSection } from './section.ts'
import { isSeen, nodesOf } from './setups.ts'

/** @param csv vtrain_allreduce_lut.csv */
export function allReduce(csv: string): ReportSection {
  const clusters = {
    a100: nodesOf('a100-80gb', 'nvlink3', 'ib-hdr200'),
    v100: nodesOf('v100-32gb', 'nvlink2', 'ib-edr100'),
  }
  const points: Point[] = parseCsv(csv).map((row, index) => {
    const ranks = num(row, 'n_gpus')
    const bytes = num(row, 'size_bytes')
    const gpu = row['gpu'] === 'v100' ? 'v100' : 'a100'
    return {
      label: `${ranks} ${gpu}, ${bytes / 2 ** 20} MiB`,
      measured: num(row, 'oop_time_ns') / 1e3,
      simulated: 1e6 * collectiveSeconds('allReduce', bytes, { ranks, perNode: ranks, nodes: 1 }, clusters[gpu]),
      seen: isSeen(index),
    }
  })
  const unseen = points.filter(({ seen }) => !seen)
  return {
    id: 'all-reduce',
    title: 'All-reduce inside a node',
    source: 'vTrain (MICRO 2024), tables of nccl-tests on DGX A100 and DGX-1V, 1 MiB to 1 GiB',
    software: null,
    notes: ['DGX-1V joins its devices unevenly: the rings over the first n of them are counted from its link diagram.'],
    quantity: 'time in µs',
    points,
    checks: [
      { name: 'median error', value: median(percentErrors(points)), limit: 8, unit: '%' },
      { name: 'median error, unseen rows', value: median(percentErrors(unseen)), limit: 8, unit: '%' },
    ],
  }
}
