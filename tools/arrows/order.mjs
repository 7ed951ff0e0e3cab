// The order that ARCHITECTURE.md describes. Arrows point down, or sideways if they make no cycle.

/** Packages and crates, from the top. */
export const packages = [
  ['packages/cli'],
  ['packages/manager'],
  ['lib'],
  ['src'],
  ['crates/execution-engine'],
  ['crates/execution-log'],
]

/** The parts of the engine, from the top. `vocabulary` stands for what users name. */
export const modules = [
  ['internals'],
  ['engine'],
  ['execution', 'registry'],
  ['command', 'process', 'output', 'log'],
  ['host_loop'],
  ['os_readiness', 'admission', 'host_context'],
  ['sync', 'thread'],
  ['vocabulary'],
  ['bytes_as_base64', 'per_stream', 'setters'],
]

const vocabulary = new Set(['config', 'request', 'result', 'event', 'error', 'limits', 'setters', 'signal'])

export const packageOf = (path) => {
  if (path === 'index.d.ts' || path === 'index.js') return 'src'
  return packages.flat().find((name) => path === name || path.startsWith(`${name}/`))
}

export const moduleOf = (path) => {
  const [, name] = /^crates\/execution-engine\/src\/(\w+)/.exec(path) ?? []
  if (name === 'lib') return undefined
  return vocabulary.has(name) ? 'vocabulary' : name
}
