import test from 'ava'

import { playbook, problemsOf, testManager } from '../helpers/playbook.js'

test('a script gets each value as its quotes ask for it', async (t) => {
  const { manager } = testManager(t)
  const [plain, double, single, comment] = ['"${V}"', '${V}', `'"\${V}"'`, 'V']
  const cases: [script: string, ...forms: string[]][] = [
    ['echo {}', plain],
    ['echo "a{}b" {}', double, plain],
    [`echo 'a{}b' {}`, single, plain],
    [`echo '"' {} "'" {}`, plain, plain],
    [String.raw`echo '\' {}`, plain],
    [String.raw`echo \' {} \" {} \\{}`, plain, plain, plain],
    [String.raw`echo "\"{}" {}`, double, plain],
    ['#{}', comment],
    ['echo # {}\n{}', comment, plain],
    ['echo;#{}', comment],
    ['echo &#{}', comment],
    ['echo|#{}\ncat', comment],
    ['(#{}\necho)', comment],
    ['(echo)#{}', comment],
    ['echo a#{}', plain],
    ['echo {}#{}', plain, plain],
    ['echo " #{}"', double],
    [`# it's "{}\n{}`, comment, plain],
    ['# \\\n{}', plain],
    ['# <<E\n{}', plain],
    [String.raw`echo $'it\'s "' {}`, plain],
    [`echo "$'{}'" {}`, double, plain],
    ['echo $(echo {}) {}', plain, plain],
    ['echo "$(echo {})" {}', plain, plain],
    ['echo "$(echo {}){}"', plain, double],
    ['echo "$(echo "{}" {}){}"', double, plain, double],
    ['echo "$( (echo) {}){}"', plain, double],
    ['echo "(" {}', plain],
    ['echo "$( (echo))" {}', plain],
    ['echo "$((1))"{}', plain],
    ['echo $((1 + (2) )) {}', plain],
    ['echo "$((1))){}"', double],
    ['echo ${x:-a} {}', plain],
    ['echo "${x:-a}{}"', double],
    ['echo "}{}"', double],
    ['echo `date` {}', plain],
    ['echo "`date`{}"', double],
    ['echo `echo "a"` {}', plain],
    ['cat <<<{}', plain],
    ['cat <<<a; echo {}', plain],
    ['cat < {}', plain],
    ['echo "<<" {}', plain],
    ['echo $x {}', plain],
    ['echo $"a" {}', plain],
    ['echo "$" {}', plain],
  ]
  const parameters = { name: 'a b' }
  for (const [command, ...forms] of cases) {
    const script = command.replaceAll('{}', '{name}')
    const { plan } = await manager.run(playbook([{ command: script, shell: true }], { parameters }), { dryRun: true })
    let at = 0
    const expected = command.replaceAll('{}', () => (forms[at++] ?? '').replace('V', 'ESCHER_PARAM_name'))
    const env = { ESCHER_PARAM_name: 'a b' }
    t.deepEqual(plan?.[0]?.command, { kind: 'shell', script: expected, env }, command)
  }
})

test('a value of a step has one variable, however often it stands in a script', async (t) => {
  const { manager } = testManager(t)
  const command = 'echo {steps.1.stdout} {name} {steps.1.json.a} "{steps.1.stdout}"'
  const steps = [{ command: 'echo' }, { command, shell: true }]
  const { plan } = await manager.run(playbook(steps, { parameters: { name: 'a b' } }), { dryRun: true })
  t.deepEqual(plan?.[1]?.command, {
    kind: 'shell',
    script: 'echo "${ESCHER_VALUE_1}" "${ESCHER_PARAM_name}" "${ESCHER_VALUE_3}" "${ESCHER_VALUE_1}"',
    env: {
      ESCHER_VALUE_1: '{steps.1.stdout}',
      ESCHER_PARAM_name: 'a b',
      ESCHER_VALUE_3: '{steps.1.json.a}',
    },
  })
})

test('a placeholder inside a heredoc, a substitution or arithmetic is refused at any depth', (t) => {
  for (const command of [
    'echo $(cat <<E\n{p}\nE\n)',
    'echo $((1 + (2) + {p}))',
    'echo $(( (1) + {p} ))',
    'echo "$(echo $(( {p} )))"',
    'echo "${x:-"{p}"}{p}${x:-{p}}"',
    'echo "`echo {p}`"',
    String.raw`echo $'\'{p}'`,
    String.raw`echo "\{p}"`,
  ]) {
    const problems = problemsOf({ playbook_id: 'x', parameters: { p: 1 }, steps: [{ command, shell: true }] })
    t.true(problems[0]?.message.startsWith('{p} cannot stand '), command)
  }
})
