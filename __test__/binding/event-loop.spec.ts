import { temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'
import test from 'ava'

const linux = process.platform === 'linux' ? test : test.skip

linux('only Node’s own event loop, on libuv 1, is shared', async (t) => {
  const { code, sent, stderr } = await runHost(
    `
    import { readdirSync, readlinkSync } from 'node:fs'
    const target = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd) } catch { return '' } }
    const polls = () => readdirSync('/proc/self/fd').filter((fd) => target(fd).includes('eventpoll')).length
    const own = process.versions
    const engines = [new ExecutionEngine({ logDir })]
    const sharesWith = (versions) => {
      Object.defineProperty(process, 'versions', { value: versions, configurable: true })
      const before = polls()
      engines.push(new ExecutionEngine({ logDir }))
      return polls() > before
    }
    send([own, { ...own, uv: '1.0.0' }, { ...own, uv: '1' }].map(sharesWith))
    const others = ['0.11.0', '2.0.0', '10.0.0', '01x', '', undefined].map((uv) => ({ ...own, uv }))
    send([{ ...own, bun: '1.3.0' }, { ...own, deno: '2.5.0' }, {}, undefined, ...others].map(sharesWith))
    const stdout = await Promise.all(engines.map((engine) => engine.run('echo', ['up'])))
    send(stdout.every((result) => result.stdout === 'up\\n'))
    `,
    temporaryFolder(t),
  )
  t.is(code, 0, stderr)
  t.deepEqual(sent, [Array(3).fill(true), Array(10).fill(false), true])
})
