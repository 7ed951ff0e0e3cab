// Fails if a comment is wider than code may be, since formatters leave comments alone: `npm run check:width`.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { main, Problem, red } from './lib/console.mjs'
import { root, runQuietly } from './lib/run.mjs'

const generated = /^(index\.js|index\.d\.ts|npm\/)/

// The formatter folds code, except for long literals.
const comment = /^ *(\/\/|\/\*\*|\* )/

const read = (file) => readFileSync(join(root, file), 'utf8')

const widths = () => {
  const rust = Number(/^max_width = (\d+)$/m.exec(read('rustfmt.toml'))[1])
  const { printWidth } = JSON.parse(read('.oxfmtrc.json'))
  return (file) => (file.endsWith('.rs') ? rust : printWidth)
}

await main(async () => {
  const widthOf = widths()
  const files = (await runQuietly('git', ['ls-files', '--', '*.rs', '*.ts', '*.mts', '*.cts', '*.js', '*.mjs']))
    .split('\n')
    .filter((file) => file !== '' && !generated.test(file) && existsSync(join(root, file)))
  const tooLong = files.flatMap((file) =>
    read(file)
      .split('\n')
      .map((line, index) => ({ place: `${file}:${index + 1}`, line, columns: [...line].length }))
      .filter(({ line, columns }) => columns > widthOf(file) && comment.test(line))
      .map(({ place, columns }) => `${place}: ${columns} columns, ${widthOf(file)} at most`),
  )
  for (const text of tooLong) console.log(`${red('✗')} ${text}`)
  if (tooLong.length > 0) throw new Problem(`${tooLong.length} comments are too wide.`)
  console.log(`${files.length} files, no comment too wide`)
  return 0
})
