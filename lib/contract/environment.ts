/**
 * The functions and what each is told through its environment: one declared map for the stack that sets the
 * variables and the handlers that read them. Imports nothing of the CDK, so a handler's bundle stays small.
 */

export const VARIABLES = {
  PROFILE_TABLE: 'table of profiles',
  FINDING_TABLE: 'table of findings',
  LINK_TABLE: 'table of the link index',
  CAMPAIGN_TABLE: 'table of campaigns',
  QUARANTINE_BUCKET: 'bucket of payloads that could not be used',
  ARCHIVE_BUCKET: 'bucket of accepted records; empty when the archive is off',
  STATE_BUCKET: 'bucket of calibrations, below calibrations/, and of what runs in shards hand on',
  HUNT_RECHECK_DAYS: 'days after its end in which a day of the archive may still change',
  FINDINGS_TOPIC: 'ARN of the topic that carries notifications to the security team',
  EVENT_BUS: 'name of the EventBridge bus that carries findings to machines',
  SECURITY_HUB: 'ARN of the Security Hub product that findings are imported under; empty where that is off',
  POLICY_APPLICATION: 'name of the AppConfig application that policies are read from',
  POLICY_STALENESS_SECONDS: 'seconds that a policy may be behind what was deployed',
  LINK_PRESSURE_MINUTES: 'least minutes between two runs of link that changes ask for',
  LINK_MACHINE: 'ARN of the state machine of runs of link in shards; empty where runs are not divided',
  FOREIGN_CALIBRATION: '"accuse" only where a calibration that was learnt elsewhere may open findings',
  STREAM_NAME: 'name of the stream of usage events',
  FINDING_DAYS: 'days after its last change when a finding and its audit trail are deleted; 0: never',
  ALLOWED_SKEW_SECONDS: 'seconds that an event may be ahead of its arrival',
  TRUST_REPLAY_CLOCK: '"true" only where the arrival time inside a record may be believed',
  POWERTOOLS_SERVICE_NAME: 'name of the function in logs, and its dimension in metrics',
  POWERTOOLS_METRICS_NAMESPACE: 'namespace of the metrics',
  LOG_LEVEL: 'least severe line that is logged',
} as const;

export type Variable = keyof typeof VARIABLES;

/** Read by Node.js itself before any handler, and so no part of what a handler reads. */
export const NODE_OPTIONS = '--enable-source-maps';

/** V8 makes room for young objects three times so much, MiB; this by itself (nodejs.org/api/cli.html, --max-semi-space-size). */
const SEMI_SPACE_MB = 16;
const MOST_SEMI_SPACE_MB = 64;

/**
 * NODE_OPTIONS of a function with so much memory, MB: a batch is short-lived objects, of which fewer are copied where there is more room for the
 * young. A power of two, to which V8 rounds up, and at most a tenth of all memory. What it brings: `npm run bench:score`.
 *
 * @example
 * nodeOptions(1024); // => '--enable-source-maps --max-semi-space-size=32'
 */
export function nodeOptions(memoryMb: number): string {
  const room = Math.min(MOST_SEMI_SPACE_MB, memoryMb / 32);
  const semiSpace = 2 ** Math.floor(Math.log2(room));
  return semiSpace <= SEMI_SPACE_MB ? NODE_OPTIONS : `${NODE_OPTIONS} --max-semi-space-size=${semiSpace}`;
}

const EVERYWHERE = [
  'POWERTOOLS_SERVICE_NAME',
  'POWERTOOLS_METRICS_NAMESPACE',
  'LOG_LEVEL',
] as const satisfies readonly Variable[];

interface FunctionDeclaration {
  /** handler module, from the root of the checkout; `handler` is its export */
  readonly entry: string;
  readonly what: string;
  readonly variables: readonly Variable[];
}

/** For those that judge. */
const JUDGING = ['STATE_BUCKET', 'FOREIGN_CALIBRATION'] as const satisfies readonly Variable[];

/** For those that judge, and those that tell. */
const POLICIES = ['POLICY_APPLICATION', 'POLICY_STALENESS_SECONDS'] as const satisfies readonly Variable[];

const DELIVERY = [
  ...EVERYWHERE,
  'PROFILE_TABLE',
  'CAMPAIGN_TABLE',
  'FINDING_TABLE',
  'FINDINGS_TOPIC',
  'EVENT_BUS',
  ...POLICIES,
  'SECURITY_HUB',
  'FINDING_DAYS',
] as const satisfies readonly Variable[];

export const FUNCTIONS = {
  score: {
    entry: 'lambdas/score/handler.ts',
    what: 'Folds usage events into profiles and scores them.',
    variables: [
      ...EVERYWHERE,
      'PROFILE_TABLE',
      'QUARANTINE_BUCKET',
      'ARCHIVE_BUCKET',
      ...JUDGING,
      ...POLICIES,
      'STREAM_NAME',
      'ALLOWED_SKEW_SECONDS',
      'TRUST_REPLAY_CLOCK',
    ],
  },
  notify: {
    entry: 'lambdas/notify/handler.ts',
    what: 'Delivers the notices of profiles and campaigns, woken by the table streams.',
    variables: DELIVERY,
  },
  sweep: {
    entry: 'lambdas/notify/handler.ts',
    what: 'Delivers the notices that the table streams did not: the same bundle as notify, on a schedule.',
    variables: DELIVERY,
  },
  index: {
    entry: 'lambdas/link-index/handler.ts',
    what: 'Keeps the link index from the stream of the profile table, and asks for runs of link under pressure.',
    variables: [...EVERYWHERE, 'PROFILE_TABLE', 'LINK_TABLE', 'CAMPAIGN_TABLE', 'LINK_PRESSURE_MINUTES'],
  },
  link: {
    entry: 'lambdas/link/handler.ts',
    what: 'Joins linked accounts into campaigns and scores them.',
    variables: [
      ...EVERYWHERE,
      'PROFILE_TABLE',
      'LINK_TABLE',
      'CAMPAIGN_TABLE',
      'LINK_PRESSURE_MINUTES',
      'LINK_MACHINE',
      ...JUDGING,
      ...POLICIES,
    ],
  },
  calibrate: {
    entry: 'lambdas/calibrate/handler.ts',
    what: "Learns the peer groups' null distributions from yesterday's profiles; closes findings of idle accounts.",
    variables: [
      ...EVERYWHERE,
      'PROFILE_TABLE',
      'LINK_TABLE',
      'CAMPAIGN_TABLE',
      'FINDING_TABLE',
      ...JUDGING,
      ...POLICIES,
    ],
  },
  validatePolicy: {
    entry: 'lambdas/validate-policy/handler.ts',
    what: 'Refuses a policy that the functions could not run: the same parser, and a smoke backtest.',
    variables: [...EVERYWHERE, 'STATE_BUCKET'],
  },
  compact: {
    entry: 'lambdas/compact/handler.ts',
    what: 'Writes closed days of the archive as Parquet, for hunts.',
    variables: [...EVERYWHERE, 'ARCHIVE_BUCKET', 'HUNT_RECHECK_DAYS'],
  },
  backtest: {
    entry: 'lambdas/backtest/handler.ts',
    what: 'Takes one turn of a backtest in shards: divides archived events, replays a shard, or merges.',
    variables: [...EVERYWHERE, 'STATE_BUCKET'],
  },
  triage: {
    entry: 'lambdas/triage/handler.ts',
    what: "Findings and verdicts for a team's own tools, behind a URL with IAM authentication.",
    variables: [...EVERYWHERE, 'FINDING_TABLE'],
  },
} as const satisfies Readonly<Record<string, FunctionDeclaration>>;

export type FunctionName = keyof typeof FUNCTIONS;
/** Functions that are there where a setting asks for them. */
export const OPTIONAL_FUNCTIONS = [
  'triage',
  'compact',
  'backtest',
] as const satisfies readonly FunctionName[];
export type OptionalFunction = (typeof OPTIONAL_FUNCTIONS)[number];
/** Functions of every deployment. */
export type PipelineFunction = Exclude<FunctionName, OptionalFunction>;
export const FUNCTION_NAMES = (Object.keys(FUNCTIONS) as FunctionName[]).filter(
  (name): name is PipelineFunction => !OPTIONAL_FUNCTIONS.some((optional) => optional === name),
);

/** The variables that a function is given, by name. */
export type EnvironmentOf<F extends FunctionName> = Readonly<
  Record<(typeof FUNCTIONS)[F]['variables'][number], string>
>;

/**
 * What `name` was told. An empty string is a value (ARCHIVE_BUCKET is empty when the archive is off); a variable
 * that is absent means that function and stack are of different versions.
 * @throws Error naming the function and every variable that is missing
 */
export function readEnvironment<F extends FunctionName>(
  name: F,
  environment: Readonly<Record<string, string | undefined>>,
): EnvironmentOf<F> {
  const variables: readonly Variable[] = FUNCTIONS[name].variables;
  const missing = variables.filter((variable) => environment[variable] === undefined);
  if (missing.length > 0) {
    const list = missing.map((variable) => `${variable} (${VARIABLES[variable]})`).join(', ');
    throw new Error(`The function ${name} is missing environment variables: ${list}`);
  }
  const read = Object.fromEntries(variables.map((variable) => [variable, environment[variable]]));
  // Checked above: every variable of this function is present.
  return read as EnvironmentOf<F>;
}
