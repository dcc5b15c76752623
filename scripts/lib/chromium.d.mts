export function firstThatStarts(candidates: readonly (string | undefined)[], failed?: string[]): string | undefined
export function installedChromium(other?: string): string
