/** Where steps get their credentials: requested before each attempt, so that they have not expired. */

/** The attempt that needs credentials. */
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
  /** Shown as they are, such as a region or a user name. */
  readonly plain?: Readonly<Record<string, string>>
}

/**
 * Provides the credentials of each attempt.
 *
 * @example const provider: CredentialProvider = { credentials: async () => ({ secrets: { TOKEN: await newToken() } }) }
 */
export interface CredentialProvider {
  /** If it throws, the step fails and is not run. */
  credentials(request: CredentialRequest): Promise<Credentials> | Credentials
}
