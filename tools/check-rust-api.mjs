// Compares the public API of the crates with the committed listing, so that every change is visible and deliberate:
// `npm run check:rust-api`; `-- --update` writes the current API. cargo-public-api lists it from rustdoc's JSON, which
// a stable compiler emits if RUSTC_BOOTSTRAP allows unstable flags.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { main, Problem, step, yellow } from './lib/console.mjs'
import { compareListing } from './lib/listing.mjs'
import { root, runQuietly } from './lib/run.mjs'

const crates = ['execution-engine', 'execution-log']
// It reads one version of rustdoc's JSON, and the listing depends on the compiler.
const tool = { version: '0.52.0', format: 57, compiler: '1.95' }
// Where CI keeps files between clones.
const home = process.env.TOOLS_HOME ?? join(root, 'target/tools')
const program = join(home, 'bin/cargo-public-api')

const install = async () => {
  const args = ['install', 'cargo-public-api', '--version', tool.version, '--locked', '--root', home]
  if (!existsSync(program)) await step('cargo-public-api', () => runQuietly('cargo', args))
}

// Its own target folder: the documentation's flags would recompile everything else.
const describe = async (crate) => {
  const target = join(root, 'target/rust-api')
  const flags = ['--', '-Z', 'unstable-options', '--output-format', 'json']
  const env = { ...process.env, RUSTC_BOOTSTRAP: '1' }
  await runQuietly('cargo', ['rustdoc', '-p', crate, '--lib', '--locked', '--target-dir', target, ...flags], { env })
  return join(target, 'doc', `${crate.replaceAll('-', '_')}.json`)
}

const list = async (crate) => {
  const json = await describe(crate)
  const { format_version: format } = JSON.parse(readFileSync(json, 'utf8'))
  if (format !== tool.format) throw new Problem(`rustdoc's JSON has version ${format}, not ${tool.format}.`)
  return await runQuietly(program, ['public-api', '--rustdoc-json', json, '-sss'])
}

await main(async () => {
  const { update } = parseArgs({ options: { update: { type: 'boolean', default: false } } }).values
  const compiler = await runQuietly('rustc', ['--version'])
  if (!compiler.startsWith(`rustc ${tool.compiler}.`)) {
    console.log(`  ${yellow('–')} skipped: the listings are ${tool.compiler}'s, and here is ${compiler.trim()}`)
    return
  }
  await install()
  for (const crate of crates) {
    compareListing(`crates/${crate}/public-api.txt`, await list(crate), { check: 'check:rust-api', update })
  }
})
