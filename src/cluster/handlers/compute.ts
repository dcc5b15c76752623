import { invariant } from '../../core/errors.ts'
import type { GpuDevice } from '../../gpu/gpu-device.ts'
import type { Prepared } from '../../gpu/kernels.ts'
import { launchesOfOp } from '../../schedule/op-kinds.ts'
import type { Op } from '../../schedule/program.ts'
import type { Slots } from '../slots.ts'

/** Bind groups and uniforms of an op's launches are created once: the plan fixes where its buffers are. */
const prepared = new WeakMap<Op, Prepared[]>()

/** Encodes an op's kernels on the device's queue. */
export function launchOp(op: Op, gpu: GpuDevice | null, slots: Slots): void {
  invariant(gpu, `${op.kind} needs a device`)
  let launches = prepared.get(op)
  if (launches === undefined) {
    launches = launchesOfOp(op).map((launch) =>
      gpu.kernels.prepare(launch, (name) => slots.buffer(name === '' ? 'unused' : name), slots.uniforms),
    )
    prepared.set(op, launches)
  }
  for (const launch of launches) gpu.queue.launch(launch)
}
