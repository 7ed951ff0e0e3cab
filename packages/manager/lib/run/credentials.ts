/** Where steps get their credentials: asked just before each attempt, so that nothing has expired. */

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
 * Gives attempts their credentials.
 *
 * @example const provider: CredentialProvider = { credentials: async () => ({ secrets: { TOKEN: await newToken() } }) }
 */
export interface CredentialProvider {
  /** What it throws fails the step, which is then not run. */
  credentials(request: CredentialRequest): Promise<Credentials> | Credentials
}
