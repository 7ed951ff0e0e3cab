// Every form in which something can be given: it is used, or refused with a code and a hint; nothing is dropped.
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'

import test from 'ava'

import { ExecutionEngine, ExecutionEngineError, type ExecutionRequest } from '@escher/execution-engine'
import { temporaryFolder, testEngine } from '@escher/testing/engine'
import { errorOf } from '@escher/testing/recorder'

type Call = (...given: readonly unknown[]) => PromiseLike<{ stdout: string }>

const caller = (engine: ExecutionEngine): Call => engine.run.bind(engine) as unknown as Call

class Options {
  workingDir = '/'
  describe(): string {
    return this.workingDir
  }
}

class Late {
  #dir = '/'
  get workingDir(): string {
    return this.#dir
  }
}

class Method {
  timeoutMs = 5000
  onEvent(): void {}
}

class Hidden {
  readonly #timeoutMs = 5
  timeout(): number {
    return this.#timeoutMs
  }
}

function* generated(): Generator<string> {
  yield '-l'
}

/** What is no object of fields, though it may look like one. */
const exotic: Record<string, unknown> = {
  null: null,
  'a number': 5,
  'a boolean': true,
  'a symbol': Symbol('x'),
  'a BigInt': 5n,
  'a function': () => {},
  'a class': Options,
  'an array': [],
  'a Map': new Map([['timeoutMs', 5]]),
  'a Set': new Set(['-l']),
  'a WeakMap': new WeakMap(),
  'a Date': new Date(),
  'a RegExp': /x/,
  'a Promise': Promise.resolve({}),
  'an Error': new Error('x'),
  'a generator': generated(),
  bytes: new Uint8Array(2),
  'an ArrayBuffer': new ArrayBuffer(2),
  'a String': new String('x'),
  'a Number': new Number(5),
  'a URL': new URL('file:///'),
  URLSearchParams: new URLSearchParams('a=b'),
  arguments: (function () {
    // oxlint-disable-next-line prefer-rest-params -- what a program without types may pass on
    return arguments
  })(),
  'what can be iterated': { *[Symbol.iterator]() {} },
  'fields behind getters': new Late(),
  'an inherited field': Object.create({ timeoutMs: 5 }),
  'private fields': new Hidden(),
  'a Map of another realm': vm.runInNewContext('new Map()'),
}

const refusalOf = async (call: () => unknown): Promise<ExecutionEngineError> => {
  const error = await errorOf(call)
  if (error instanceof ExecutionEngineError) return error
  throw new Error(`no refusal: ${String(error)}`)
}

for (const [name, value] of Object.entries(exotic)) {
  test(`${name} is refused wherever fields are expected`, async (t) => {
    const engine = testEngine(t)
    const run = caller(engine)
    const command = { type: 'exec', program: 'true' }
    const fieldOf = async (call: () => unknown): Promise<string | undefined> => {
      const error = await refusalOf(call)
      t.regex(error.message, /allowed/)
      return error.field
    }
    t.is(await fieldOf(() => run('true', [], value)), 'options')
    t.is(await fieldOf(() => run(command, value)), 'options')
    t.is(await fieldOf(() => run(value)), 'command')
    t.is(await fieldOf(() => run('true', [], { env: value })), 'env')
    t.is(await fieldOf(() => run('true', [], { metadata: value })), 'metadata')
    t.is(await fieldOf(() => engine.execute(value as ExecutionRequest)), 'request')
    t.is(await fieldOf(() => engine.execute({ command: value } as ExecutionRequest)), 'command')
    t.is(await fieldOf(() => new ExecutionEngine(value as object)), 'config')
    t.is(await fieldOf(() => engine.listExecutions(value as object)), 'options')
    t.is(await fieldOf(() => engine.recover(value as object)), 'options')
    if (!Array.isArray(value)) {
      const field = await fieldOf(() => run('true', value))
      t.true(field === 'command.args' || field === 'options')
    }
  })
}

test('hints name the replacement', async (t) => {
  const run = caller(testEngine(t))
  const saysOf = async (...given: readonly unknown[]): Promise<string> => (await refusalOf(() => run(...given))).message
  t.regex(await saysOf('ls', '-la'), /`command\.args` is "-la": allowed is an array of strings, such as `\[text\]`/)
  t.regex(await saysOf('ls', new Set(['-l'])), /is a Set: .* `\[\.\.\.values\]`/)
  t.regex(await saysOf('ls', [], { env: new Map() }), /is a Map: .* `Object\.fromEntries\(pairs\)`/)
  t.regex(await saysOf('ls', () => {}), /is a function: .* there is no callback: await/)
  t.regex(await saysOf('ls', [], () => {}), /is a function: .* there is no callback: await/)
  t.regex(await saysOf('ls', [], Object.create({ timeoutMs: 1 })), /all its fields itself/)
  t.regex(await saysOf('ls', [], new Method()), /all its fields itself/)
  t.regex(await saysOf('ls', [], { timeoutMs: Infinity }), /from 1 to the engine's `maxTimeoutMs`/)
  t.regex(await saysOf('ls', [], { stdin: 'ignore' }), /'ignore' is called 'null'/)
  t.regex(await saysOf('ls', [], { stdin: null }), /the word 'null', in quotes/)
})

test('whatever follows the options is refused', async (t) => {
  const run = caller(testEngine(t))
  const command = { type: 'exec', program: 'true' }
  for (const given of [
    ['true', [], {}, () => {}],
    ['true', {}, {}],
    ['true', [], undefined, {}],
    [command, {}, {}],
    [command, undefined, { timeoutMs: 5 }],
    [command, [], { timeoutMs: 5 }],
  ]) {
    t.is((await refusalOf(() => run(...given))).field, 'options')
  }
  await run('true', undefined, undefined, undefined)
})

test('fields are used wherever they are the object’s own', async (t) => {
  const run = caller(testEngine(t))
  const hidden = Object.defineProperty({}, 'workingDir', { value: '/', enumerable: false })
  const given = {
    'an object without a prototype': Object.assign(Object.create(null), { workingDir: '/' }),
    'an object of another realm': vm.runInNewContext("({ workingDir: '/' })"),
    'an instance of a class': new Options(),
    'a proxy': new Proxy({ workingDir: '/' }, {}),
    'a frozen object': Object.freeze({ workingDir: '/' }),
    'a field that is not enumerable': hidden,
  }
  for (const [name, options] of Object.entries(given)) t.is((await run('pwd', [], options)).stdout, '/\n', name)
  const args = vm.runInNewContext("['a', 'b']")
  t.is((await run('echo', args)).stdout, 'a b\n')
  t.is((await run('echo', new Proxy(['a'], {}))).stdout, 'a\n')
  t.is((await run(vm.runInNewContext("({ type: 'shell', command: 'echo a' })"))).stdout, 'a\n')
})

test('arguments are an array of strings, without holes', async (t) => {
  const run = caller(testEngine(t))
  const field = async (args: unknown): Promise<string | undefined> => (await refusalOf(() => run('true', args))).field
  // oxlint-disable-next-line no-sparse-arrays -- what is tested
  t.is(await field(['a', , 'b']), 'command.args[1]')
  t.is(await field(['a', new String('b')]), 'command.args[1]')
  t.is(await field(['a', 1]), 'command.args[1]')
  t.is(await field(['a', ['b']]), 'command.args[1]')
})

test('thousands of arguments and variables arrive', async (t) => {
  const run = caller(testEngine(t))
  const many = Array.from({ length: 20_000 }, (_, index) => `v${index}`)
  const { stdout } = await run('sh', ['-c', 'echo $#', 'sh', ...many])
  t.is(stdout, '20000\n')
  const env = Object.fromEntries(many.slice(0, 5000).map((name) => [name, 'x']))
  t.is((await run('sh', ['-c', 'env | grep -c "^v.*=x"'], { env })).stdout, '5000\n')
})

test('variables that are undefined are left out; one that would be lost is refused', async (t) => {
  const engine = testEngine(t)
  const env = { ...process.env, A: 'a', B: undefined, toJSON: 'text', __proto__: null }
  t.is((await engine.run('sh', ['-c', 'echo "$A,$B,$toJSON"'], { env })).stdout, 'a,,text\n')
  t.is((await engine.run('sh', ['-c', 'echo ${PATH:+set}'], { env: process.env })).stdout, 'set\n')
  const hidden = Object.defineProperty({}, 'A', { value: 'a', enumerable: false })
  t.is((await refusalOf(() => engine.run('env', { env: hidden }).wait())).field, 'env.A')
})

test('a `file:` URL, of any realm, is a path', async (t) => {
  const folder = temporaryFolder(t)
  const engine = new ExecutionEngine({ logDir: pathToFileURL(folder) })
  t.teardown(() => engine.shutdown())
  const url = pathToFileURL(`${folder}/`)
  t.is((await engine.run('pwd', { workingDir: url })).stdout, `${folder}\n`)
  const foreign = Object.create(
    { [Symbol.toStringTag]: 'URL' },
    Object.getOwnPropertyDescriptors({ href: url.href, protocol: 'file:' }),
  ) as URL
  t.is((await engine.run('pwd', { workingDir: foreign })).stdout, `${folder}\n`)
  for (const wrong of [new URL('https://example.org/'), new URL('file://host/tmp'), {}, 'file:///tmp']) {
    const execution = engine.run('pwd', { workingDir: wrong as URL })
    if (wrong === 'file:///tmp') t.is((await execution).error?.code, 'WORKING_DIR_NOT_FOUND')
    else t.is((await refusalOf(() => execution.wait())).code, 'INVALID_REQUEST')
  }
})
