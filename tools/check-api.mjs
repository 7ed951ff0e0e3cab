// Compares the public TypeScript API with the committed listings, so that every change is visible and deliberate: `npm
// run check:api`; `-- --update` writes the current API. Lists the exports of the compiled declarations and what they
// refer to, without comments and private parts.

import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'

import ts from 'typescript'

import { main } from './lib/console.mjs'
import { compareListing } from './lib/listing.mjs'
import { root, runQuietly } from './lib/run.mjs'

const packages = [
  { entry: 'dist/index.d.ts', listing: 'lib/public-api.txt' },
  { entry: 'packages/manager/dist/index.d.ts', listing: 'packages/manager/public-api.txt' },
]

const printer = ts.createPrinter({ removeComments: true })

const isPrivate = (member) =>
  (member.name !== undefined && ts.isPrivateIdentifier(member.name)) ||
  (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0

const withoutPrivate = (declaration) => {
  if (!ts.isClassDeclaration(declaration)) return declaration
  const { modifiers, name, typeParameters, heritageClauses, members } = declaration
  const shown = members.filter((member) => !isPrivate(member))
  return ts.factory.updateClassDeclaration(declaration, modifiers, name, typeParameters, heritageClauses, shown)
}

/** The statement that declares it: for a variable, two levels up. */
const statementOf = (declaration) => (ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration)

const list = ({ entry }) => {
  const file = join(root, entry)
  const folder = join(file, '..')
  const options = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    skipLibCheck: true,
  }
  const program = ts.createProgram([file], options)
  const checker = program.getTypeChecker()
  const target = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)))
  const isOurs = (declaration) => !relative(folder, declaration.getSourceFile().fileName).startsWith('..')
  const names = new Set(exported.map(target))
  const symbols = new Set(names)
  const texts = []
  // Grows during the walk by what each declaration refers to.
  for (const symbol of symbols) {
    for (const declaration of (symbol.declarations ?? []).filter(isOurs)) {
      const shown = withoutPrivate(statementOf(declaration))
      const text = printer.printNode(ts.EmitHint.Unspecified, shown, declaration.getSourceFile())
      texts.push({ name: symbol.name, text: names.has(symbol) ? text : `// not exported\n${text}` })
      const visit = (node) => {
        const found = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined
        const statement = found && target(found).declarations?.map(statementOf)[0]
        if (statement && isOurs(statement) && ts.isSourceFile(statement.parent)) symbols.add(target(found))
        ts.forEachChild(node, visit)
      }
      visit(shown)
    }
  }
  const sorted = texts.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
  return `${sorted.map(({ text }) => text).join('\n\n')}\n`
}

await main(async () => {
  const { update } = parseArgs({ options: { update: { type: 'boolean', default: false } } }).values
  await runQuietly('npx', ['tsc', '--build'], { cwd: root })
  for (const each of packages) compareListing(each.listing, list(each), { check: 'check:api', update })
})
