import { FaultError } from '../../core/errors.ts'
import { sentence } from '../../core/fault.ts'
/** A generated file to download. */
export interface GeneratedFile {
  readonly name: string
  readonly type: string
  readonly content: BlobPart
}

export type FileFormat = 'json' | 'csv' | 'svg' | 'png' | 'trace' | 'safetensors'

/** One file on offer; generated on request. */
export interface FileEntry {
  readonly format: FileFormat
  readonly name: string
  readonly make: () => Promise<BlobPart> | BlobPart
}

/** The subject of a row's files. */
export interface FileRow {
  readonly id: string
  readonly title: string
  /** Why there is nothing to download yet; null when there is. */
  readonly reason: string | null
  readonly entries: readonly FileEntry[]
}

export interface FileGroup {
  readonly title: string
  readonly rows: readonly FileRow[]
}

const TYPES: Readonly<Record<FileFormat, string>> = {
  json: 'application/json',
  csv: 'text/csv;charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  trace: 'application/json',
  safetensors: 'application/octet-stream',
}

/** Long enough for the browser to have taken the file over. */
const KEPT_MILLISECONDS = 30_000

/** Saves a file like a download link; nothing leaves the page. */
export async function saveFile({ format, name, make }: FileEntry): Promise<void> {
  const url = URL.createObjectURL(new Blob([await make()], { type: TYPES[format] }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MILLISECONDS)
}

const PNG_SCALE = 2

/** An SVG as pixels, two per unit. */
async function rasterise(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: TYPES.svg }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = new OffscreenCanvas(image.naturalWidth * PNG_SCALE, image.naturalHeight * PNG_SCALE)
    const context = canvas.getContext('2d')
    if (context === null) throw new FaultError(sentence('browser-draws-no-pictures'))
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await canvas.convertToBlob({ type: TYPES.png })
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** A picture as SVG and as pixels. */
export function pictureFiles(name: (extension: string) => string, draw: () => string): FileEntry[] {
  return [
    { format: 'svg', name: name('svg'), make: draw },
    { format: 'png', name: name('png'), make: () => rasterise(draw()) },
  ]
}
