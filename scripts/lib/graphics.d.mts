export function hasVulkanDriver(): boolean
export function graphicsEnvironment(browser?: string): Record<string, string>
