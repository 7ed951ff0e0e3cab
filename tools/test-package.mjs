// The packages as a user gets them: packed, installed into an empty project, and used from ESM, CommonJS, Jest and
// TypeScript. `npm run test:package`; setup is done by `npm test`.

import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { green, main, Problem, red } from './lib/console.mjs'
import { addonFile } from './lib/prepare.mjs'
import { root, runQuietly } from './lib/run.mjs'

const uses = join(root, 'tools/package')
const packages = ['.', 'packages/manager', 'packages/cli']
const tool = (name, entry) => join(root, 'node_modules', name, entry)

const pack = async (folder, into) => {
  const args = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', into]
  const output = await runQuietly('npm', args, { cwd: join(root, folder) })
  const [{ filename }] = JSON.parse(output.slice(output.indexOf('[')))
  return join(into, filename)
}

// The addon comes in a package of its own per platform. This puts it where npm would.
const installAddon = (project) => {
  const addon = addonFile()
  if (!addon) throw new Problem('There is no native addon to test with: run `npm run build` first.')
  const platform = addon.split('.').at(-2)
  const manifest = join(root, 'npm', platform, 'package.json')
  if (!existsSync(manifest)) throw new Problem(`There is no npm/${platform}: run \`npx napi create-npm-dirs\`.`)
  const { name, main: entry } = JSON.parse(readFileSync(manifest, 'utf8'))
  const folder = join(project, 'node_modules', name)
  mkdirSync(dirname(join(folder, entry)), { recursive: true })
  copyFileSync(manifest, join(folder, 'package.json'))
  copyFileSync(join(root, addon), join(folder, entry))
}

const install = async (project) => {
  const archives = []
  for (const folder of packages) archives.push(await pack(folder, project))
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n')
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=optional', '--loglevel=error']
  await runQuietly('npm', ['install', ...archives, ...options], { cwd: project })
  installAddon(project)
  cpSync(uses, project, { recursive: true })
}

const compiler = [tool('typescript', 'bin/tsc'), '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022']
const types = ['--lib', 'es2023,esnext.disposable', '--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']

const checks = [
  { name: 'an ES module imports it', run: ['use.mjs'] },
  { name: 'a CommonJS module requires it', run: ['use.cjs'] },
  { name: 'the manager runs a playbook, the command line a program', run: ['playbook.mjs'] },
  { name: 'a Jest test uses it', run: [tool('jest', 'bin/jest.js'), '--rootDir', '.', '--config', '{}'] },
  {
    name: 'TypeScript finds its types from both module systems',
    run: [...compiler, ...types, 'types.mts', 'types.cts'],
  },
]

await main(async () => {
  const project = mkdtempSync(join(tmpdir(), 'execution-engine-package-'))
  let failed = 0
  try {
    await install(project)
    for (const { name, run } of checks) {
      try {
        await runQuietly(process.execPath, run, { cwd: project })
        console.log(`  ${green('✓')} ${name}`)
      } catch (error) {
        failed += 1
        console.log(`  ${red('✗')} ${name}\n\n${error.message}\n`)
      }
    }
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
  console.log(`\n${checks.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
})
