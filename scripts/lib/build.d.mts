export function buildPage(): string
export function buildCli(): string
