import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where a system keeps its Vulkan loader. */
const LOADERS = [
  '/usr/lib/x86_64-linux-gnu/libvulkan.so.1',
  '/usr/lib/aarch64-linux-gnu/libvulkan.so.1',
  '/usr/lib64/libvulkan.so.1',
  '/usr/lib/libvulkan.so.1',
]

const CHROMIUM_DIRECTORIES = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome']

/**
 * Environment in which Dawn for Node finds Vulkan: a system without a loader borrows Chromium's, and SwiftShader's driver
 * is named for machines without a GPU. The loader's path is read when a process starts, so it belongs to a child's
 * environment.
 * @param {string | undefined} browser path of an installed Chromium, when known
 */
export function graphicsEnvironment(browser) {
  if (process.platform !== 'linux') return {}
  const directories = [...(browser ? [dirname(browser)] : []), ...CHROMIUM_DIRECTORIES]
  const having = (name) => directories.find((directory) => existsSync(join(directory, name)))
  const environment = {}
  const driver = having('vk_swiftshader_icd.json')
  if (driver && !process.env.TABCLUSTER_SWIFTSHADER)
    environment.TABCLUSTER_SWIFTSHADER = join(driver, 'vk_swiftshader_icd.json')
  const loader = having('libvulkan.so.1')
  if (loader && !LOADERS.some((path) => existsSync(path)))
    environment.LD_LIBRARY_PATH = [process.env.LD_LIBRARY_PATH, loader].filter(Boolean).join(':')
  return environment
}
