/** Playbooks: files of commands, run through the engine. The list of public names. */
export {
  type CredentialProvider,
  type CredentialRequest,
  type Credentials,
  EnvironmentCredentials,
} from './credentials.js'
export { FileRecordSink } from './file-record-sink.js'
export { type Keychain, KeychainCredentials } from './keychain.js'
export { ExecutionManager } from './manager.js'
export type { Parameter, Parameters } from './parameters.js'
export { loadPlaybook, parsePlaybook, type Playbook, type Step } from './playbook.js'
export { PlaybookError, type PlaybookProblem } from './problems.js'
export type { AuditRecord, RecordSink } from './records.js'
export type { RetryPolicy } from './retry.js'
export type { PlaybookRun } from './run.js'
export { FORMAT_VERSION, type PlaybookFile, type RiskLevel } from './schema.js'
export type * from './types.js'
