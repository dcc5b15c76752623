import { dirname, join, normalize } from 'node:path/posix'

/** Which rooms and packages each room of src may import; everything it names comes from further in. */
interface Room {
  readonly rooms: readonly string[]
  /** Beginnings of what it may import from outside src. */
  readonly outside: readonly string[]
  /** Loads in plain Node and knows neither browser nor machine. */
  readonly pure: boolean
}

const pure = (...rooms: string[]): Room => ({ rooms, outside: [], pure: true })
const room = (rooms: readonly string[], ...outside: string[]): Room => ({ rooms, outside, pure: false })

const PROGRAMS = ['core', 'config', 'model', 'schedule', 'comm', 'strategy', 'sim']
const BESIDE = ['core', 'config', 'model', 'schedule']
const ENGINE = [...PROGRAMS, 'gpu', 'cluster', 'data', 'checkpoint', 'export']

export const ROOMS: Readonly<Record<string, Room>> = {
  core: pure(),
  model: pure('core'),
  config: pure('core', 'model'),
  schedule: pure('core', 'config', 'model'),
  comm: pure('core', 'config', 'model'),
  strategy: pure('core', 'config', 'model', 'schedule', 'comm'),
  sim: pure('core', 'config', 'model', 'schedule', 'comm', 'strategy'),
  gpu: room(['core', 'config', 'model'], '../shaders/', 'idb-keyval'),
  data: room(BESIDE, 'gpt-tokenizer/'),
  checkpoint: room(BESIDE, 'idb-keyval'),
  export: pure(...BESIDE),
  cluster: room([...PROGRAMS, 'gpu', 'data', 'checkpoint']),
  'cluster/hosts': room([...PROGRAMS, 'gpu', 'data', 'checkpoint', 'cluster'], 'node:', 'webgpu'),
  state: room(ENGINE, 'zustand'),
  ui: room([...ENGINE, 'state'], 'react', 'radix-ui', 'zustand', 'recharts', 'uplot'),
  cli: room([...ENGINE, 'cluster/hosts'], 'commander', 'node:'),
}

/** Rooms within a room: a thin edge with more rights than the rest of it. */
const INNER = Object.keys(ROOMS).filter((name) => name.includes('/'))

/** Browser, machine, clock and chance: nothing a pure room may name. */
const FORBIDDEN =
  /(?<![.\w$])(navigator|Worker|document|window|localStorage|React|process|Buffer|GPU\w+|Date|performance|setTimeout|fetch)\b(?!\??:)|Math\.random/g

const COMMENT_OR_TEXT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

function withoutComments(source: string): string {
  return source.replace(COMMENT_OR_TEXT, (found) => (found.startsWith('/') ? ' ' : found))
}

/** Code alone; of template texts the parts in `${…}` stay. */
function withoutTexts(source: string): string {
  return source.replace(COMMENT_OR_TEXT, (found) =>
    found.startsWith('`') ? [...found.matchAll(/\$\{([^`]*?)\}/g)].map(([, code]) => code).join(' ') : ' ',
  )
}

/** Everything a module imports, re-exports or loads later. Texts stand aside by number: one may speak of imports. */
export function importsOf(source: string): string[] {
  const texts: string[] = []
  const code = source.replace(COMMENT_OR_TEXT, (found) => (found.startsWith('/') ? ' ' : `"${texts.push(found) - 1}"`))
  const found = code.matchAll(/(?:(?:^|[;\s}*])(?:from|import)\s*|\bimport\(\s*)"(\d+)"/g)
  return [...found].map(([, place]) => texts[Number(place)]!.slice(1, -1))
}

export function roomOf(path: string): string {
  const inner = INNER.find((name) => path.startsWith(`${name}/`))
  return inner ?? path.slice(0, Math.max(0, path.indexOf('/')))
}

/** Where an import leads: a path in src, '../…' outside it, or a package. */
function resolve(from: string, target: string): string {
  return target.startsWith('.') ? normalize(join(dirname(from), target)) : target
}

function importFault(path: string, target: string, { rooms, outside }: Room): string | null {
  const resolved = resolve(path, target)
  const isOutside = !target.startsWith('.') || resolved.startsWith('../')
  if (isOutside) {
    const allowed = outside.some(
      (each) => resolved === each || resolved.startsWith(/[/:]$/.test(each) ? each : `${each}/`),
    )
    const related = outside.some((each) => /^[a-z]+$/.test(each) && resolved.startsWith(`${each}-`))
    return allowed || related ? null : `${path} imports ${target}: not for ${roomOf(path)}`
  }
  const to = roomOf(resolved)
  // The rest of a room knows its inner room only as a place to send others to.
  const own = to === roomOf(path)
  return own || rooms.includes(to) ? null : `${path} imports ${resolved}: ${roomOf(path)} may not import ${to}`
}

/**
 * Every import or name that breaks the rule, one line each.
 * @param modules path relative to src → source
 */
export function violations(modules: ReadonlyMap<string, string>): string[] {
  if (modules.size === 0) throw new Error('no modules to check')
  const faults: string[] = []
  for (const [path, source] of modules) {
    const rules = ROOMS[roomOf(path)]
    if (!rules) {
      faults.push(`${path}: "${roomOf(path)}" is no room`)
      continue
    }
    for (const target of importsOf(source)) {
      const fault = importFault(path, target, rules)
      if (fault) faults.push(fault)
      if (rules.pure && target.includes('?raw')) faults.push(`${path} imports ${target}: ${roomOf(path)} is pure`)
    }
    if (rules.pure)
      for (const [name] of withoutTexts(source).matchAll(FORBIDDEN))
        faults.push(`${path} names ${name}: ${roomOf(path)} is pure`)
  }
  return faults
}

/** A chain of modules that imports itself, or null. */
export function cycle(modules: ReadonlyMap<string, string>): readonly string[] | null {
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): readonly string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return null
    for (const target of importsOf(modules.get(path) ?? '')) {
      const next = resolve(path, target)
      const found = modules.has(next) ? visit(next, [...trail, path]) : null
      if (found) return found
    }
    done.add(path)
    return null
  }
  for (const path of modules.keys()) {
    const found = visit(path, [])
    if (found) return found
  }
  return null
}

/** Modules that only pass others' exports on. */
export function barrels(modules: ReadonlyMap<string, string>): string[] {
  return [...modules]
    .filter(([, source]) =>
      /^(\s*export\s+(type\s+)?(\*|\{[^}]*\})[^;\n]*from\s*'[^']+'\s*)+$/.test(withoutComments(source)),
    )
    .map(([path]) => path)
}
