// The engine, its log written as well.
import { open as openEngine } from './engine.mjs'

export const open = (config) => openEngine({ ...config, log: true })
