import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test, { type ExecutionContext } from 'ava'

import { temporaryFolder } from '@escher/testing/engine'

const root = join(import.meta.dirname, '../..')

/** The imports that the project's lint refuses. */
const refused = (t: ExecutionContext, specifiers: readonly string[]): string[] => {
  const file = join(temporaryFolder(t), 'file.ts')
  writeFileSync(file, specifiers.map((specifier, index) => `export { x as x${index} } from '${specifier}'\n`).join(''))
  const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '--config', join(root, '.oxlintrc.json'), file]
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return specifiers.filter((specifier) => stdout.includes(`'${specifier}' import is restricted`))
}

test('a package is imported by its name, and its inner files cannot be', (t) => {
  const allowed = [
    '@escher/execution-engine',
    '@escher/execution-engine/support',
    '@escher/execution-manager',
    '@escher/testing/wait',
    './playbook/schema.js',
    '../playbook/schema.js',
    '../../lib/ui/text.js',
    'valibot',
  ]
  const forbidden = [
    '@escher/execution-engine/dist/engine.js',
    '@escher/execution-manager/lib/playbook/schema.js',
    '../manager/lib/index.js',
    '../../manager/dist/index.js',
    '../../../packages/cli/lib/home.js',
    '../../../lib/index.js',
    '../../../../dist/index.js',
    '../../../index.js',
  ]
  t.deepEqual(refused(t, [...allowed, ...forbidden]), forbidden)
})
