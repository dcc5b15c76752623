import { existsSync } from 'node:fs'
import { create, globals } from 'webgpu'
import { FaultError } from '../../core/errors.ts'
import { sentence } from '../../core/fault.ts'
import { withThrottledPolls } from './throttled-polls.ts'

/** Where a Chromium installation has SwiftShader's Vulkan driver; the first existing path is used. */
const SOFTWARE_DRIVERS = [
  process.env.TABCLUSTER_SWIFTSHADER,
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
]

let kept: GPU | null = null

/**
 * Dawn for Node. Prefers a real GPU, then SwiftShader. The object keeps Node alive until `closeNodeGpu`. Throws one
 * line saying what to install when there is no adapter at all.
 */
export async function openNodeGpu(): Promise<GPU> {
  if (kept) return kept
  Object.assign(globalThis, globals)
  globalThis.setImmediate = withThrottledPolls(globalThis.setImmediate)
  kept = create([])
  if (await kept.requestAdapter()) return kept
  const driver = SOFTWARE_DRIVERS.find((path) => path !== undefined && existsSync(path))
  if (driver !== undefined) {
    process.env.VK_ICD_FILENAMES = driver
    kept = create([])
    if (await kept.requestAdapter()) return kept
  }
  kept = null
  throw new FaultError(sentence('install-adapter'))
}

/** Releases Dawn, so that Node can exit. */
export function closeNodeGpu(): void {
  kept = null
}
