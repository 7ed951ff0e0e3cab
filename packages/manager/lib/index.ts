/** Playbooks: files of commands, run through the engine. The list of public names. */
export {
  type CredentialProvider,
  type CredentialRequest,
  type Credentials,
  EnvironmentCredentials,
} from './adapters/environment-credentials.js'
export { FileRecordSink } from './adapters/file-record-sink.js'
export { type Keychain, KeychainCredentials } from './adapters/keychain-credentials.js'
export { ExecutionManager } from './manager.js'
export type { Parameter, Parameters } from './playbook/parameters.js'
export { loadPlaybook, parsePlaybook, type Playbook, type Step } from './playbook/playbook.js'
export { PlaybookError, type PlaybookProblem } from './playbook/problems.js'
export type { AuditRecord, RecordSink } from './run/audit-record.js'
export type { RetryPolicy } from './playbook/retry-policy.js'
export type { PlaybookRun } from './run/playbook-run.js'
export { FORMAT_VERSION, type PlaybookFile, type RiskLevel, riskLevels } from './playbook/schema.js'
export type * from './run/types.js'
