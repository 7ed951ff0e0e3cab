import test from 'ava'

import { didYouMean, nearest } from '@escher/execution-engine/support'

const known = ['id', 'env', 'workingDir', 'timeoutMs', 'maxConcurrentExecutions', 'retainOutput', 'signal', 'args']

const means = test.macro({
  exec: (t, given: string, word: string | undefined) => t.is(nearest(given, known), word),
  title: (_, given: string, word?: string) => `${JSON.stringify(given.slice(0, 100))} means ${word ?? 'nothing known'}`,
})

// A letter too many, too few, another one, and two that changed places.
test(means, 'timeoutMss', 'timeoutMs')
test(means, 'timoutMs', 'timeoutMs')
test(means, 'signel', 'signal')
test(means, 'tmieoutMs', 'timeoutMs')
test(means, 'wrokingDir', 'workingDir')
test(means, 'evn', 'env')
// Another way to write it.
test(means, 'working_dir', 'workingDir')
test(means, 'TIMEOUT-MS', 'timeoutMs')
// Without its end, or with another.
test(means, 'timeout', 'timeoutMs')
test(means, 'maxConcurrency', 'maxConcurrentExecutions')
// Alike by chance only.
test(means, 'retry', undefined)
test(means, 'cwd', undefined)
test(means, 'x', undefined)
test(means, '', undefined)
test(means, '---', undefined)
test(means, 'x'.repeat(10_000), undefined)

test('the name that another program has for it is understood, where it is known here', (t) => {
  const aliases = { cwd: 'workingDir', input: 'stdin' }
  t.is(nearest('cwd', known, aliases), 'workingDir')
  t.is(nearest('input', known, aliases), undefined)
  t.is(nearest('toString', known, aliases), undefined)
})

test('a hint names the probable word, or else the known ones', (t) => {
  t.is(didYouMean('signel', known, 'known are many'), 'did you mean `signal`?')
  t.is(didYouMean('nothing', known, 'known are many'), 'known are many')
  t.is(didYouMean('cwd', known, 'known are many', { cwd: 'workingDir' }), 'did you mean `workingDir`?')
})

test('of very many words only the first are looked at', (t) => {
  const words = function* (): Generator<string> {
    for (let index = 0; index < 100_000; index += 1) yield `word${index}`
    t.fail('it did not stop')
  }
  t.is(nearest('word', words()), 'word0')
})
