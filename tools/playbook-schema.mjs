// Writes the playbook's JSON Schema from the compiled valibot schema, for editors and other programs. `--check` only
// tests whether it is up to date.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { toJsonSchema } from '@valibot/to-json-schema'

// oxlint-disable-next-line no-restricted-imports -- it is the schema's own tool
import { playbookSchema } from '../packages/manager/dist/playbook/schema.js'
import { main, Problem } from './lib/console.mjs'
import { root, runQuietly } from './lib/run.mjs'

const path = join(root, 'packages/manager/schema/playbook.schema.json')

await main(async () => {
  const { $schema, ...rest } = toJsonSchema(playbookSchema, { typeMode: 'input', errorMode: 'ignore' })
  const schema = { $schema, title: rest.title, description: rest.description, ...rest }
  if (!process.argv.includes('--check')) {
    writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`)
    await runQuietly(process.execPath, [join(root, 'node_modules/oxfmt/bin/oxfmt'), path])
  } else if (!isDeepStrictEqual(JSON.parse(readFileSync(path, 'utf8')), JSON.parse(JSON.stringify(schema)))) {
    throw new Problem(
      'packages/manager/schema/playbook.schema.json is out of date: run `node tools/playbook-schema.mjs`.',
    )
  }
})
