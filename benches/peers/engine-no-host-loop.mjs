// The engine without the host's loop: the runtime reads every line.
process.env.ESCHER_HOST_LOOP = 'off'

export { open } from './engine.mjs'
