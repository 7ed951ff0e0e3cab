// The engine whose runtime reads every line: what the host's loop brings.
process.env.ESCHER_HOST_LOOP = 'off'

export { open } from './engine.mjs'
