// A proxy in front of the mocked AWS that is too busy for the first calls of one operation, as the real one sometimes
// is.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** `operation`: as JSON services name it in X-Amz-Target. `refused`: how many calls were turned away so far. */
export const throttle = async (target: string, operation: string, times: number) => {
  let refused = 0
  const server = createServer((incoming, answer) => {
    const isBusy = refused < times && String(incoming.headers['x-amz-target']).endsWith(`.${operation}`)
    if (isBusy) {
      refused += 1
      incoming.resume()
      answer.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' })
      answer.end(JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }))
      return
    }
    const { method, headers, url } = incoming
    const forwarded = request(new URL(url ?? '/', target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    forwarded.on('error', () => answer.destroy())
    incoming.pipe(forwarded)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get refused() {
      return refused
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
