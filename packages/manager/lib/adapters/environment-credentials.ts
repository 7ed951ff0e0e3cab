/** Where steps get their credentials: asked just before each attempt, so that what expires is fresh. */

/** Who asks. */
export interface CredentialRequest {
  readonly runId: string
  readonly playbookId: string
  readonly stepId: string
  /** From 1. */
  readonly attempt: number
  readonly signal: AbortSignal
}

/** Environment variables for one attempt. */
export interface Credentials {
  /** Masked as `***` wherever output goes, for the rest of the run. */
  readonly secrets: Readonly<Record<string, string>>
  /** Shown as they are, such as a region or a user's name. */
  readonly plain?: Readonly<Record<string, string>>
}

export interface CredentialProvider {
  /** What it throws fails the step, which is then not run. */
  credentials(request: CredentialRequest): Promise<Credentials> | Credentials
}

/** Names of the variables for the steps, to where their values are found. */
export type Names = readonly string[] | Readonly<Record<string, string>>

export const namePairs = (names: Names): [string, string][] =>
  Array.isArray(names) ? (names as readonly string[]).map((name) => [name, name]) : Object.entries(names)

/**
 * From this process's own environment, so that values are masked, or go under another name.
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
