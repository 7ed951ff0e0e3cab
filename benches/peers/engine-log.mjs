// The engine, its log written as well.
import { open as openEngine } from './engine.mjs'

export const open = () => openEngine({ log: true })
