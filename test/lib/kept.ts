const KEY = Symbol.for('tabcluster tests keep')

/**
 * What all files that a process runs share, made when it is first asked for. It lives as long as the process, whatever a
 * test does to the modules: a device outlives neither the GPU object it came from nor a collected handle.
 */
export function kept<Value>(name: string, make: () => Value): Value {
  const held: unknown = Reflect.get(globalThis, KEY)
  const all = held instanceof Map ? (held as Map<string, Value>) : new Map<string, Value>()
  Reflect.set(globalThis, KEY, all)
  const found = all.get(name) ?? make()
  all.set(name, found)
  return found
}
