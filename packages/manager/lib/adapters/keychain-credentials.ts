/** Credentials from the operating system's keychain, through the optional package `@napi-rs/keyring`. */
import type { CredentialProvider, CredentialRequest, Credentials } from '../run/credentials.js'
import { namePairs, type Names } from './names.js'

/** A store of passwords. */
export interface Keychain {
  /** `null` or `undefined` if there is none. */
  getPassword(service: string, account: string, signal: AbortSignal): Promise<string | null | undefined>
}

const MISSING =
  'the keychain needs the package @napi-rs/keyring, which is optional and could not be loaded: ' +
  'run `npm install @napi-rs/keyring`'

// Loaded on first use: most programs never ask for a keychain, and some systems have none.
const systemKeychain = async (): Promise<Keychain> => {
  const { AsyncEntry } = await import('@napi-rs/keyring').catch((cause: unknown) => {
    throw new Error(MISSING, { cause })
  })
  return { getPassword: (service, account, signal) => new AsyncEntry(service, account).getPassword(signal) }
}

/**
 * Credentials from the macOS keychain, the Windows credential manager or the Secret Service of Linux.
 *
 * @example new KeychainCredentials({ service: 'my-app', accounts: { GITHUB_TOKEN: 'github' } })
 */
export class KeychainCredentials implements CredentialProvider {
  readonly #service: string
  readonly #accounts: [string, string][]
  readonly #open: () => Promise<Keychain>

  /** `accounts`: for each variable, the account that holds its value. `keychain`: another store. */
  constructor(options: { service: string; accounts: Names; keychain?: Keychain }) {
    const { service, accounts, keychain } = options
    this.#service = service
    this.#accounts = namePairs(accounts)
    this.#open = keychain === undefined ? systemKeychain : () => Promise.resolve(keychain)
  }

  async credentials({ signal }: Pick<CredentialRequest, 'signal'>): Promise<Credentials> {
    const keychain = await this.#open()
    const secrets: [string, string][] = []
    for (const [name, account] of this.#accounts) {
      const password = await keychain.getPassword(this.#service, account, signal)
      if (!password) {
        throw new Error(`the keychain has no password of \`${account}\` for the service \`${this.#service}\``)
      }
      secrets.push([name, password])
    }
    return { secrets: Object.fromEntries(secrets) }
  }
}
