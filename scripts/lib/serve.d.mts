export function serve(directory: string, port: number, exact: boolean, closed?: AbortSignal): Promise<string>
