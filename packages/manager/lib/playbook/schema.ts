/**
 * The format of a playbook: one schema for checks, for the types, and for `schema/playbook.schema.json`.
 *
 * Valibot instead of zod: a fifth of the size on disk, a fifth of the time to load, no dependency.
 */
import * as v from 'valibot'

import { STEP_ID } from '../template/grammar.js'

/** The version of the format that this package reads. */
export const FORMAT_VERSION = '2.0.0'

const MAX_STEPS = 10_000

/** Text for people. */
const label = v.pipe(v.string(), v.minLength(1), v.maxLength(500))

// Names. Each pattern's message is the hint for a name that does not match.

const parameterName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
    'a name is made of letters, digits and _, at most 64, and does not begin with a digit',
  ),
)
const stepId = v.pipe(v.string(), v.regex(new RegExp(`^${STEP_ID}{1,64}$`), 'letters, digits, _ and -, at most 64'))
const playbookId = v.pipe(
  v.string(),
  v.regex(
    // It may become a file name.
    // oxlint-disable-next-line no-control-regex -- these are what it keeps out
    /^(?!\.{1,2}$)[^/\\\u0000-\u001f\u007f-\u009f]{1,200}$/,
    'at most 200 characters, without slashes and control characters',
  ),
)
const variableName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,199}$/,
    'the name of a variable is made of letters, digits and _, and does not begin with a digit',
  ),
)
const formatVersion = v.pipe(
  v.string(),
  v.regex(/^2\.\d+\.\d+$/, 'this package reads version 2 of the format, such as 2.0.0'),
)

const seconds = (max: number) => v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(max))
const YEAR = 31_536_000

const scalar = v.union([v.string(), v.pipe(v.number(), v.finite()), v.boolean()])

/** The types that a parameter's value can have. */
export const parameterTypes = ['string', 'number', 'boolean'] as const

const parameterSpec = v.strictObject({
  type: v.optional(
    v.pipe(
      v.picklist(parameterTypes),
      v.description('What a value must look like. Without it, any string, number or boolean.'),
    ),
  ),
  default: v.optional(v.pipe(scalar, v.description('The value where none is given.'))),
  required: v.optional(
    v.pipe(v.boolean(), v.description('Refuse to run without a value. Implied by a missing default.')),
  ),
  secret: v.optional(v.pipe(v.boolean(), v.description('Mask the value as *** wherever output goes.'))),
  enum: v.optional(v.pipe(v.array(scalar), v.minLength(1), v.description('The only values allowed.'))),
  description: v.optional(label),
})

const parameters = v.pipe(
  v.record(parameterName, v.union([v.string(), v.pipe(v.number(), v.finite()), v.boolean(), v.null(), parameterSpec])),
  v.maxEntries(500),
  v.description('Values by name, used as {name}. null: must be given. An object: default, type, secret, enum.'),
)

const identifier = v.union([stepId, v.pipe(v.number(), v.integer(), v.minValue(0))])

const commandText = v.pipe(v.string(), v.minLength(1), v.maxLength(1_048_576))
const command = v.union([commandText, v.pipe(v.array(v.string()), v.minLength(1))])

/** How the waits between the attempts of a step grow. */
export const strategies = ['none', 'fixed', 'linear', 'exponential_backoff'] as const

/** `full`: a random time up to the wait. `none`: exactly the wait. */
export const jitters = ['full', 'none'] as const

const retryOptions = v.strictObject({
  strategy: v.optional(v.pipe(v.picklist(strategies), v.description('Default: exponential_backoff.'))),
  attempts: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(100),
      v.description('In all, the first included. Default: 3.'),
    ),
  ),
  base_sec: v.optional(v.pipe(seconds(3600), v.description('The first wait. Default: 1.'))),
  max_sec: v.optional(v.pipe(seconds(86_400), v.description('The longest wait. Default: 30.'))),
  jitter: v.optional(
    v.pipe(v.picklist(jitters), v.description('full (default): a random time up to the wait. none: the wait.')),
  ),
  retry_on: v.optional(
    v.pipe(
      v.array(v.union([v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(4_294_967_295)), label])),
      v.minLength(1),
      v.description('Exit codes, strings in stderr such as ThrottlingException, or failure codes such as TIMEOUT.'),
    ),
  ),
})

const retryPolicy = v.union([v.picklist(strategies), retryOptions])

/** What a step may do, from the least to the most. */
export const riskLevels = ['read_only', 'modify', 'destructive'] as const

const step = v.strictObject({
  step_id: v.optional(
    v.pipe(identifier, v.description('Names the step: letters, digits, _ and -. Default: its number.')),
  ),
  step: v.optional(v.pipe(identifier, v.description('The number of the step; its id where there is no step_id.'))),
  name: v.optional(v.pipe(label, v.description('For people. Default: the command.'))),
  description: v.optional(v.pipe(v.string(), v.maxLength(10_000))),
  command: v.pipe(
    command,
    v.description(
      'One command. A string is split into words by POSIX quoting rules, without a shell; an array is taken as it is.',
    ),
  ),
  shell: v.optional(v.pipe(v.boolean(), v.description('Give the strings of command and rollback to the shell.'))),
  parameters: v.optional(parameters),
  env: v.optional(
    v.pipe(
      v.record(variableName, v.union([v.string(), v.null()])),
      v.description('Environment variables; null removes one. {name} is replaced.'),
    ),
  ),
  working_dir: v.optional(
    v.pipe(v.string(), v.minLength(1), v.description('The directory to run in. {name} is replaced.')),
  ),
  stdin: v.optional(v.pipe(v.string(), v.description('Given to the standard input. {name} is replaced.'))),
  expected_duration_sec: v.optional(v.pipe(seconds(YEAR), v.description('Shown beside the time it takes.'))),
  timeout_sec: v.optional(
    v.pipe(
      v.number(),
      v.finite(),
      v.minValue(0.001),
      v.maxValue(YEAR),
      v.description('For each attempt. Default: the engine’s.'),
    ),
  ),
  retry_policy: v.optional(v.pipe(retryPolicy, v.description('Whether and when to try again. Default: none.'))),
  depends_on: v.optional(
    v.pipe(
      v.union([identifier, v.array(identifier)]),
      v.description('Steps that come first. Makes the playbook a graph.'),
    ),
  ),
  when: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(10_000),
      v.description('A condition: the step is skipped unless it holds.'),
    ),
  ),
  continue_on_error: v.optional(v.pipe(v.boolean(), v.description('A failure of this step does not stop the others.'))),
  always: v.optional(v.pipe(v.boolean(), v.description('Run also after a failure or a cancel: cleanup.'))),
  rollback: v.optional(
    v.pipe(command, v.description('Undoes the step, when the run fails and was asked to roll back.')),
  ),
  risk_level: v.optional(
    v.pipe(v.picklist(riskLevels), v.description('Above the run’s level, approval is asked for first.')),
  ),
  metadata: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description('Anything; ignored.'))),
})

export const playbookSchema = v.pipe(
  v.strictObject({
    $schema: v.optional(v.string()),
    version: v.optional(v.pipe(formatVersion, v.description(`The version of the format, such as ${FORMAT_VERSION}.`))),
    playbook_id: v.pipe(playbookId, v.description('Names the playbook.')),
    name: v.optional(label),
    description: v.optional(v.pipe(v.string(), v.maxLength(10_000))),
    parameters: v.optional(parameters),
    max_parallel: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.maxValue(1000),
        v.description('How many steps of a graph run at once.'),
      ),
    ),
    steps: v.pipe(v.array(step), v.minLength(1), v.maxLength(MAX_STEPS)),
    metadata: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description('Anything; ignored.'))),
  }),
  v.title('Playbook'),
  v.description('Commands to run one after another, or as a graph, by the execution engine.'),
)

/** A playbook, as written. */
export type PlaybookFile = v.InferOutput<typeof playbookSchema>
/** A step, as written. */
export type StepFile = PlaybookFile['steps'][number]
/** A parameter, as written. */
export type ParameterFile = NonNullable<PlaybookFile['parameters']>[string]
/** What a step may do: `read_only`, `modify` or `destructive`. */
export type RiskLevel = (typeof riskLevels)[number]
/** The value of a parameter. */
export type ParameterValue = v.InferOutput<typeof scalar>
export type RetryPolicyFile = v.InferOutput<typeof retryPolicy>
