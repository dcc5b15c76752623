export function graphicsEnvironment(browser?: string): Record<string, string>
