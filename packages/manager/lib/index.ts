/** Playbooks: files of commands, run through the engine. The list of public names. */
export { EnvironmentCredentials } from './adapters/environment-credentials.js'
export { FileRecordSink } from './adapters/file-record-sink.js'
export { type Keychain, KeychainCredentials } from './adapters/keychain-credentials.js'
export type { Names } from './adapters/names.js'
export { ExecutionManager } from './manager.js'
export type { Parameter, Parameters } from './playbook/parameters.js'
export { loadPlaybook, parsePlaybook, type Playbook } from './playbook/playbook.js'
export { PlaybookError, type PlaybookProblem } from './playbook/problems.js'
export type { RetryPolicy } from './playbook/retry-policy.js'
export {
  FORMAT_VERSION,
  type ParameterValue,
  type PlaybookFile,
  type RiskLevel,
  riskLevels,
} from './playbook/schema.js'
export type { Step } from './playbook/step.js'
export type { AuditRecord, RecordSink } from './run/audit-record.js'
export type { CredentialProvider, CredentialRequest, Credentials } from './run/credentials.js'
export type { PlaybookEvent, PlaybookEventListener } from './run/events.js'
export type { ManagerOptions, PlaybookRunOptions } from './run/options.js'
export type { PlaybookRun } from './run/playbook-run.js'
export type * from './run/types.js'
export type { PlannedCommand } from './template/command.js'
