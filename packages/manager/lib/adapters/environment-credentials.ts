/** Credentials from environment variables. */
import type { CredentialProvider, Credentials } from '../run/credentials.js'
import { namePairs, type Names } from './names.js'

/**
 * Credentials from this process's own environment: masked, and renamed if another name is given.
 *
 * @example new EnvironmentCredentials({ AWS_SECRET_ACCESS_KEY: 'STAGING_SECRET_KEY' })
 */
export class EnvironmentCredentials implements CredentialProvider {
  readonly #names: [string, string][]
  readonly #environment: Readonly<Record<string, string | undefined>>

  constructor(names: Names, environment: Readonly<Record<string, string | undefined>> = process.env) {
    this.#names = namePairs(names)
    this.#environment = environment
  }

  credentials(): Credentials {
    const missing = this.#names.filter(([, source]) => !this.#environment[source])
    if (missing.length > 0) {
      throw new Error(`the environment has no ${missing.map(([, source]) => source).join(', ')}`)
    }
    return { secrets: Object.fromEntries(this.#names.map(([name, source]) => [name, this.#environment[source] ?? ''])) }
  }
}
