import test from 'ava'

import { problemsOf } from '../helpers/playbook.js'

type Refusal = [given: unknown, message: string, hint: string]

/** What one step, `1`, is refused for, beside a step `list` and the parameters `name` and `other`. */
const refusalsOf = (step: Record<string, unknown>): [string, string | null][] =>
  problemsOf({
    playbook_id: 'x',
    parameters: { name: 'a', other: 'b' },
    steps: [{ step_id: 'list', command: 'echo' }, step],
  }).map(({ message, hint }) => [message, hint])

const literally = (name: string) => `(for these very characters write {{${name}}})`

test('a command that cannot be split is refused with the reason and a hint', (t) => {
  const noShell = 'write `"shell": true` to run it by a shell, or quote it to pass it on as it is'
  const severalLines = 'end a line with \\ to go on in the next, make several steps, or write `"shell": true`'
  const cases: Refusal[] = [
    ['   ', 'the command is empty', 'name a program'],
    ["''", 'the program has no name', 'the first word names it'],
    [['', 'a'], 'the program has no name', 'the first word names it'],
    ["a 'b", "a ' is never closed", "close it, or write \\' for the character itself"],
    ['a "b', 'a " is never closed', 'close it, or write \\" for the character itself'],
    ['a "b\\"', 'a " is never closed', 'close it, or write \\" for the character itself'],
    ['a \\', 'a \\ stands at the end', 'write \\\\ for the character itself'],
    ['a\nb', 'the command has several lines', severalLines],
    ['a\rb', 'the command has several lines', severalLines],
    ...'| || & && ; ;; < << <<< > >> &> >| 2> 2>> 2>&1 >&2 1>&2 |&'
      .split(' ')
      .map((operator): Refusal => [
        `a ${operator} b`,
        `\`${operator}\` means nothing here: there is no shell`,
        noShell,
      ]),
    ['| a', '`|` means nothing here: there is no shell', noShell],
    ['a |', '`|` means nothing here: there is no shell', noShell],
    ['"a" |\tb', '`|` means nothing here: there is no shell', noShell],
  ]
  for (const [command, message, hint] of cases) {
    t.deepEqual(refusalsOf({ command }), [[message, hint]], JSON.stringify(command))
  }
  t.deepEqual(refusalsOf({ command: ['a', 'b'], shell: true }), [
    ['a shell takes a string, not an array of words', 'write the command as one string, or leave `shell` out'],
  ])
})

test('an unknown placeholder is refused with the known names', (t) => {
  const cases: Refusal[] = [
    ['{nmae}', 'there is no parameter `nmae`', `did you mean \`name\`? ${literally('nmae')}`],
    ['{zzzzzz}', 'there is no parameter `zzzzzz`', `known are \`name\`, \`other\` ${literally('zzzzzz')}`],
    [
      '${zzzzzz}',
      'there is no parameter `zzzzzz`',
      'there is no shell here to know ${…}: write {name} for a parameter, or `"shell": true`',
    ],
    [
      '{steps.list}',
      '`{steps.list}` is not a value of a step',
      `write {steps.<id>.stdout}, or {steps.<id>.json.<path>} ${literally('steps.list')}`,
    ],
    ['{steps.lisst.stdout}', 'there is no step `lisst`', 'did you mean `list`?'],
    ['{steps.zzzzzz.stdout}', 'there is no step `zzzzzz`', 'known are `list`, `2`'],
    ['{steps.list.exitcode}', 'a step has no `exitcode`', 'did you mean `exit_code`?'],
    ['{steps.list.zzzzzz}', 'a step has no `zzzzzz`', 'known are `stdout`, `stderr`, `exit_code`, `status`, `json`'],
    ['{steps.list.stdout.a}', 'a step has no `stdout.a`', 'for a part of JSON output write .json instead of .stdout'],
    ['{steps.list.status[0]}', 'a step has no `status[0]`', 'did you mean `status`?'],
    ...['.', '..a', '.a b', '[', '[a]', '[1.5]', '["a', '["\\x"]', '[9999999999]', '[-9999999999]', '.a]', 'a'].map(
      (path): Refusal =>
        path === 'a'
          ? ['{steps.list.jsona}', 'a step has no `jsona`', 'did you mean `json`?']
          : [
              `{steps.list.json${path}}`,
              `\`${path}\` is not a path`,
              'write it as .name[0].other, or ["a name"] for one with other characters',
            ],
    ),
  ]
  for (const [word, message, hint] of cases) {
    t.deepEqual(refusalsOf({ command: ['echo', word] }), [[message, hint]], String(word))
  }
  const without = problemsOf({ playbook_id: 'x', steps: [{ command: 'echo {name}' }] })
  t.deepEqual(
    without.map(({ hint }) => hint),
    [`declare it under \`parameters\` ${literally('name')}`],
  )
})

test('a condition that makes no sense says where, and how to write it', (t) => {
  const likeThis = 'write it like: environment == "production" && steps.check.exit_code == 0'
  const escapes = String.raw`escapes are \" \\ \n \t and \u0000`
  const cases: Refusal[] = [
    [' ', 'the condition ends too early', likeThis],
    ['name ==', 'the condition ends too early', likeThis],
    ['!', 'the condition ends too early', likeThis],
    ['== 1', '`==` is not expected at character 1', likeThis],
    ['name == == 1', '`==` is not expected at character 9', likeThis],
    ['name  other ', '`other` is not expected at character 7', likeThis],
    ['name "other"', '`"other"` is not expected at character 6', likeThis],
    ['name "=="', '`"=="` is not expected at character 6', likeThis],
    ['name )', '`)` is not expected at character 6', likeThis],
    ['(name', 'a `)` is missing', likeThis],
    ['[1 2]', 'a `,` is missing', likeThis],
    ['[1, 2', 'a `,` is missing', likeThis],
    ['name  = 1', '`= 1` cannot be understood at character 7', 'write == to compare'],
    ['  {name} == 1', '`{name} == 1` cannot be understood at character 3', 'write the name without braces'],
    ['name == "x', '`"x` cannot be understood at character 9', likeThis],
    ['name & 12345678901234567890', '`& 123456789012345678` cannot be understood at character 6', likeThis],
    ['name == "\\x"', '"\\x" is not a string as JSON has it', escapes],
    ['nmae', 'there is no parameter `nmae`', `did you mean \`name\`? ${literally('nmae')}`],
    ['steps.lisst.status', 'there is no step `lisst`', 'did you mean `list`?'],
    ['('.repeat(50) + '1' + ')'.repeat(50), 'the condition is nested too deeply', 'make it several steps'],
    ['!'.repeat(50) + '1', 'the condition is nested too deeply', 'make it several steps'],
  ]
  for (const [when, message, hint] of cases) {
    t.deepEqual(refusalsOf({ command: 'echo', when }), [[message, hint]], String(when))
  }
  for (const when of ['('.repeat(49) + '1' + ')'.repeat(49), '!'.repeat(49) + '1', ' name\t== \n"x" ']) {
    t.deepEqual(refusalsOf({ command: 'echo', when }), [], when)
  }
  const wide = Array.from({ length: 100 }, () => '(!(1))').join(' && ')
  t.deepEqual(refusalsOf({ command: 'echo', when: wide }), [], 'width is not depth')
})

test('if a shell would split a value, the refusal names the position and the remedy', (t) => {
  const inVariable = 'put it into a variable first: value={steps.list.stdout}'
  const cases: Refusal[] = [
    ["echo $'{}'", "inside $'…'", ''],
    ['cat <<END\n{}\nEND', 'after <<', ''],
    ['echo `echo {}`', 'inside `…`', ''],
    ['echo ${x:-{}}', 'inside ${…}', ''],
    ['echo \\{}', 'after a \\', ''],
    ['echo $(( {} + 1 ))', 'inside $((…))', 'some shells run code that is in a number there: let a program do the sum'],
  ]
  for (const [script, where, hint] of cases) {
    for (const [name, otherwise] of [
      ['name', 'write $ESCHER_PARAM_name, which every shell step is given'],
      ['steps.list.stdout', inVariable],
    ] as const) {
      const command = String(script).replace('{}', `{${name}}`)
      const refusals = refusalsOf({ command, shell: true })
      t.deepEqual(refusals, [[`{${name}} cannot stand ${where}`, hint === '' ? otherwise : hint]], command)
    }
  }
})

const hintFor = (ids: string[]) => {
  const steps = [...ids.map((step_id) => ({ step_id, command: 'echo' })), { command: 'echo {steps.zzzzzz.stdout}' }]
  return problemsOf({ playbook_id: 'x', steps })[0]?.hint
}

const pathOf = (field: string) => problemsOf({ playbook_id: 'x', [field]: 1, steps: [{ command: 'echo' }] })[0]?.path

test('of many names a few are shown, and of a long one its beginning', (t) => {
  const ids = 'abcdefghijk'.split('')
  const shown = ids.map((id) => `\`${id}\``).join(', ')
  t.is(hintFor(ids), `known are ${shown}, \`12\``)
  t.is(hintFor([...ids, 'l']), `known are ${shown}, \`l\` …`)
  t.is(pathOf('n'.repeat(80)), 'n'.repeat(80))
  t.is(pathOf('n'.repeat(81)), `${'n'.repeat(80)}…`)
  const parameters = { choice: { enum: ['n'.repeat(81)], default: 'other' } }
  const [refused] = problemsOf({ playbook_id: 'x', parameters, steps: [{ command: 'echo' }] })
  t.is(refused?.hint, `allowed are \`${'n'.repeat(80)}…\``)
})

test('one string is refused for ten placeholders at most', (t) => {
  const unknown = Array.from({ length: 20 }, (_, at) => `{u${at}}`).join('')
  t.is(refusalsOf({ command: ['echo', unknown] }).length, 10)
})
