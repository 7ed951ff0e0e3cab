// A Node that may not load the addon.
import test from 'ava'

import { startProgram } from '@escher/testing/program'

for (const flags of [['--no-addons'], ['--experimental-permission', '--allow-fs-read=*']]) {
  test(`with ${flags.join(' ')}, Node's own reason comes first`, async (t) => {
    const code = `
      const { ExecutionEngine } = require('@escher/execution-engine')
      try { new ExecutionEngine() } catch ({ code, message }) { console.log(code, message) }`
    const { stdout, stderr } = await startProgram(t, [...flags, '-e', code]).ended
    // Newer ones call the permission model by another flag.
    if (/bad option/.test(stderr)) return t.pass(stderr)
    t.regex(stdout, /^NATIVE_BINDING_MISSING Cannot load native addon because loading addons is disabled/, stderr)
  })
}
