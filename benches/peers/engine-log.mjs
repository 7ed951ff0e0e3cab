// The engine, with its log.
import { open as openEngine } from './engine.mjs'

export const open = (config) => openEngine({ ...config, log: true })
