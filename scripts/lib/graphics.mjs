import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where a system keeps its Vulkan loader. */
const LOADERS = [
  '/usr/lib/x86_64-linux-gnu/libvulkan.so.1',
  '/usr/lib/aarch64-linux-gnu/libvulkan.so.1',
  '/usr/lib64/libvulkan.so.1',
  '/usr/lib/libvulkan.so.1',
]

/** Where a system lists the drivers of its GPUs. */
const DRIVER_LISTS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d']

const CHROMIUM_DIRECTORIES = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome']

const SWIFTSHADER = 'vk_swiftshader_icd.json'

function entries(directory) {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Directories of the browsers that Playwright downloaded. */
function playwrightDirectories() {
  const cache = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), '.cache', 'ms-playwright')
  return entries(cache)
    .filter((name) => name.startsWith('chromium-'))
    .flatMap((name) => entries(join(cache, name)).map((inner) => join(cache, name, inner)))
}

/** The first browser's directory that has a file of that name. */
function having(name, browser) {
  const directories = [...(browser ? [dirname(browser)] : []), ...CHROMIUM_DIRECTORIES, ...playwrightDirectories()]
  return directories.find((directory) => existsSync(join(directory, name)))
}

/** Whether Dawn for Node has any driver to try: a GPU's or SwiftShader's. Other systems bring theirs. */
export function hasVulkanDriver() {
  if (process.platform !== 'linux' || process.env.TABCLUSTER_SWIFTSHADER || process.env.VK_ICD_FILENAMES) return true
  const listed = DRIVER_LISTS.some((directory) => entries(directory).some((name) => name.endsWith('.json')))
  return listed || having(SWIFTSHADER, process.env.TABCLUSTER_CHROMIUM) !== undefined
}

/**
 * Environment in which Dawn for Node finds Vulkan: a system without a loader borrows Chromium's, and SwiftShader's driver
 * is named for machines without a GPU. The loader's path is read when a process starts, so it belongs to a child's
 * environment.
 * @param {string | undefined} browser path of an installed Chromium, when known
 */
export function graphicsEnvironment(browser) {
  if (process.platform !== 'linux') return {}
  const environment = {}
  const driver = having(SWIFTSHADER, browser)
  if (driver && !process.env.TABCLUSTER_SWIFTSHADER) environment.TABCLUSTER_SWIFTSHADER = join(driver, SWIFTSHADER)
  const loader = having('libvulkan.so.1', browser)
  if (loader && !LOADERS.some((path) => existsSync(path)))
    environment.LD_LIBRARY_PATH = [process.env.LD_LIBRARY_PATH, loader].filter(Boolean).join(':')
  return environment
}
