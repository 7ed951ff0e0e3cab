import test from 'ava'

import { playbook, printArguments, problemsOf, testManager } from '../helpers/playbook.js'

test('a command is split as a POSIX shell splits it, and nothing is expanded', async (t) => {
  const { manager } = testManager(t)
  const words = String.raw`a  "b c" 'd "e"' f\ g "h\"i\\j\k" l'm'"n" '' "" $HOME ~ * \$x a=b # "$(id)" '\' `
  const result = await manager.run(
    playbook([{ command: `'${process.execPath}' -e '${printArguments[2]}' -- ${words}` }]),
  )
  t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), [
    'a',
    'b c',
    'd "e"',
    'f g',
    String.raw`h"i\j\k`,
    'lmn',
    '',
    '',
    '$HOME',
    '~',
    '*',
    '$x',
    'a=b',
    '#',
    '$(id)',
    '\\',
  ])
})

test('quotes and backslashes make words as POSIX says, also over line ends', async (t) => {
  const { manager } = testManager(t)
  const cases: [command: string, ...words: string[]][] = [
    ['  a\t b  ', 'a', 'b'],
    ['\n a \n', 'a'],
    ['{{name}', '{name}'],
    ['{{name}}}}', '{name}}}'],
    ['"a b"\'c d\'e\\ f', 'a bc de f'],
    ['a "" \'\'', 'a', '', ''],
    ['a \\\n b', 'a', 'b'],
    ['a \\\r\n b', 'a', 'b'],
    ['a\\\nb \\\rc', 'ab', '\rc'],
    ['a\\\r\nb', 'ab'],
    ['"a\\\nb"', 'ab'],
    ['"a\nb" \'c\nd\'', 'a\nb', 'c\nd'],
    [String.raw`"\"\\\$` + '\\`' + String.raw`\a\'" '\'`, '"\\$`\\a\\\'', '\\'],
    ['a \'|\' \\; "&&" |x', 'a', '|', ';', '&&', '|x'],
    ['a "" | b'.replace('|', '"|"'), 'a', '', '|', 'b'],
    ['$x{1..2}', '$x{1..2}'],
    ['{name} "{name}" \'{name}\'', 'a b', 'a b', 'a b'],
  ]
  for (const [command, ...argv] of cases) {
    const { plan } = await manager.run(playbook([{ command }], { parameters: { name: 'a b' } }), { dryRun: true })
    t.deepEqual(plan?.[0]?.command, { kind: 'exec', argv }, JSON.stringify(command))
  }
})

test('a step without a name is called by its command, as one would type it', (t) => {
  const words = ['/bin/a-b', 'x=1,2', '@%+:._', 'a b', '', "it's", '$x', 'é']
  const [step] = playbook([{ command: words }]).steps
  t.is(step?.name, String.raw`/bin/a-b x=1,2 @%+:._ 'a b' '' 'it'\''s' '$x' 'é'`)
})

test('braces that are no placeholders pass: JSON, JMESPath, awk, Go templates, find', async (t) => {
  const { manager } = testManager(t)
  const texts = [
    'Reservations[].{Id:InstanceId}',
    'Reservations[].{Id:InstanceId,Tags:{A:B}}',
    '{"a":{"b":{"c":1}}}',
    '{print $1}',
    '{{.State.Status}}',
    '{{ name }}',
    '{}',
    '{1..3}',
    '}{',
    '{ {name} }',
  ]
  const result = await manager.run(
    playbook([{ command: [...printArguments, '--', ...texts] }], { parameters: { name: 'v' } }),
  )
  t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), [...texts.slice(0, -1), '{ v }'])
})

test('braces directly around a name are doubled to stand for themselves', async (t) => {
  const { manager } = testManager(t)
  const texts = [
    '{{name}}',
    '{{{name}}}',
    '{{{{name}}}}',
    '{"a":{name}}',
    '{{steps.x.stdout}}',
    '{{unknown}}',
    '${name}',
    '{name',
  ]
  const result = await manager.run(
    playbook([{ command: [...printArguments, '--', ...texts] }], { parameters: { name: 'v' } }),
  )
  t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), [
    '{name}',
    '{v}',
    '{{name}}',
    '{"a":v}',
    '{steps.x.stdout}',
    '{unknown}',
    '$v',
    '{name',
  ])
  const [awk] = problemsOf({ playbook_id: 'x', steps: [{ command: "awk '{print}'" }] })
  t.is(awk?.message, 'there is no parameter `print`')
  t.regex(awk?.hint ?? '', /for these very characters write \{\{print\}\}/)
})

test('shell syntax is refused, with a hint to set `shell`', (t) => {
  for (const command of ['a | b', 'a && b', 'a; b ; c', 'a > file', 'a 2>&1', 'a\nb', "a 'b", 'a "b', 'a \\', '   ']) {
    const [problem] = problemsOf({ playbook_id: 'x', steps: [{ command }] })
    t.like(problem, { path: 'steps[0].command' }, command)
  }
  t.deepEqual(
    problemsOf({
      playbook_id: 'x',
      steps: [{ command: "echo '|' \\; a\\\n b" }, { command: 'a | b > c', shell: true }],
    }),
    [],
  )
})

test('a shell step knows its own variables and braces, and every parameter', async (t) => {
  const { manager } = testManager(t)
  const command =
    'x=1; { echo "${x}" {name} $ESCHER_PARAM_other; }; echo \'{{name}}\' # {name}\ncat <<END\n$ESCHER_PARAM_name\nEND'
  const result = await manager.run(playbook([{ command, shell: true }], { parameters: { name: 'a  b', other: 'o' } }))
  t.is(result.steps[0]?.result?.stdout, '1 a  b o\n{name}\na  b\n')
})

test('where a shell would take a value apart, a placeholder is refused', (t) => {
  for (const command of [
    'echo `echo {p}`',
    "echo $'{p}'",
    'echo $(( {p} + 1 ))',
    'echo ${x:-{p}}',
    'cat <<END\n{p}\nEND',
    'echo \\{p}',
  ]) {
    const [problem] = problemsOf({ playbook_id: 'x', parameters: { p: 1 }, steps: [{ command, shell: true }] })
    t.regex(problem?.message ?? 'accepted', /^\{p\} cannot stand /, command)
    const hint = command.includes('$((')
      ? /some shells run code/
      : /^write \$ESCHER_PARAM_p, which every shell step is given$/
    t.regex(problem?.hint ?? '', hint)
  }
})
