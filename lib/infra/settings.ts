/**
 * Every value that an operator may change, declared once: validated at synth, rendered in docs/operations.md,
 * and given as CDK context, `-c siphonwatch:streamMode=provisioned` or under "context" in cdk.json.
 */
import * as z from 'zod';
import { DEFAULT_STACK } from '../contract/command.ts';
import { leastBakeMinutes } from './bake-time.ts';
import { LATENCY } from './latency.ts';
import { BACKTEST_RULES, HUNT_RULES, HUNT_SETTINGS, SHARD_SETTINGS } from './optional-settings.ts';
import {
  addresses,
  choice,
  LOG_RETENTION_DAYS,
  numberChoice,
  onOff,
  phones,
  type Setting,
  several,
  text,
  wholeNumber,
} from './setting-kinds.ts';
import { MOST_UNITS } from './table-units.ts';

/** Prefix of every context key that belongs to Siphonwatch. */
export const SETTING_PREFIX = 'siphonwatch:';

/** What follows the latency: settings of these names, where they are not given. */
const GATHERING = ['batchWindowSeconds', 'batchSize', 'parallelizationFactor'] as const;

/** A setting's value under each latency, in words. */
function following(name: (typeof GATHERING)[number]): string {
  return Object.values(LATENCY)
    .map((gathering) => gathering[name])
    .join(', ');
}

const units = (of: keyof typeof MOST_UNITS): string => MOST_UNITS[of].toLocaleString('en-US');

export const SETTINGS = {
  stackName: text(
    // AppConfig's names end at 64 characters, and the deployment strategy is called STACK-policy
    /^[A-Za-z][A-Za-z0-9-]{0,56}$/,
    DEFAULT_STACK,
    'a letter, then up to 56 letters, digits and hyphens',
    'Name of the CloudFormation stack, and of its alarms, dashboard, metrics namespace and policies; another name is a second deployment beside the first.',
  ),
  streamMode: choice(
    ['on-demand', 'provisioned'],
    'on-demand',
    'Capacity mode of the stream. On-demand starts at 4 MB/s and scales itself; provisioned is cheaper for a steady, known load.',
  ),
  shards: wholeNumber(
    1,
    10_000,
    4,
    'Shards of a provisioned stream (1 MB/s or 1,000 records/s each). Refused with on-demand. Kinesis takes at most the double and at least the half of what is open in one update, ten updates a day.',
  ),
  producerAccounts: several(
    z.string().regex(/^\d{12}$/),
    'numbers of AWS accounts, twelve digits each, comma between',
    'Further accounts whose gateways may put records on the stream; their roles need what the output ProducerPolicy says as well.',
  ),
  tableMode: choice(
    ['on-demand', 'provisioned'],
    'on-demand',
    'Capacity mode of the profile and link tables. Provisioned scales itself to 70 % use and costs about half for steady traffic; what exceeds it for some minutes waits in the stream. DynamoDB changes a table to on-demand four times a day at most.',
  ),
  tableUnits: wholeNumber(
    1,
    // of each table and index, so what the least of them scales up to
    MOST_UNITS.index,
    100,
    `Least write units a second of each provisioned table and index, and of read units; scaled up to ${units('profile')} (profiles), ${units('link')} (links) and ${units('index')} (index), together the default quota of an account. Refused with on-demand.`,
  ),
  retentionHours: wholeNumber(
    24,
    8760,
    48,
    'How long the stream keeps records. Must exceed maxRecordAgeHours, or records expire before they reach the on-failure destination.',
  ),
  latency: choice(
    ['seconds', 'minute', 'minutes'],
    'minute',
    'How long an event may wait before it is judged: about 5 seconds, one minute, or five. An account is written once a batch, so waiting saves write units. Sets the next three, each of which may still be given by itself.',
  ),
  batchWindowSeconds: wholeNumber(
    0,
    300,
    LATENCY.minute.batchWindowSeconds,
    `How long \`score\` waits for a full batch; follows latency (${following('batchWindowSeconds')}).`,
  ),
  batchSize: wholeNumber(
    1,
    10_000,
    LATENCY.minute.batchSize,
    `Stream records per invocation of \`score\`, at most; follows latency (${following('batchSize')}).`,
  ),
  parallelizationFactor: wholeNumber(
    1,
    10,
    LATENCY.minute.parallelizationFactor,
    `Concurrent \`score\` batches per shard; order per partition key is kept. Follows latency (${following('parallelizationFactor')}), so that batches are not full before their window ends.`,
  ),
  retryAttempts: wholeNumber(
    0,
    10_000,
    10_000,
    'Retries of a failing batch before it goes to the quarantine bucket. The default leaves it to maxRecordAgeHours: the stream is the buffer of an outage.',
  ),
  maxRecordAgeHours: wholeNumber(
    1,
    168,
    24,
    'Age at which a record that keeps failing goes to the quarantine bucket.',
  ),
  scoreMemoryMb: wholeNumber(
    256,
    10_240,
    1024,
    'Memory of `score`, and with it its share of a processor (one whole processor at 1,769).',
  ),
  scoreTimeoutSeconds: wholeNumber(10, 900, 180, 'Timeout of `score`.'),
  batchMemoryMb: wholeNumber(
    256,
    10_240,
    2048,
    'Memory of `link`, `calibrate` and `backtest`. `siphonwatch plan` says what `link` needs for a number of accounts and of shards.',
  ),
  nodeVersion: numberChoice(
    [22, 24],
    24,
    'Node.js of the functions. Lambda supports 22 until 2027-04-30 and 24 until 2028-04-30.',
  ),
  tracing: onOff(
    false,
    'AWS X-Ray traces of every function and state machine: USD 5 a million, and little that the logs and metrics do not say.',
  ),
  logLevel: choice(['DEBUG', 'INFO', 'WARN', 'ERROR'], 'INFO', 'Least severe line that the functions log.'),
  logRetentionDays: numberChoice(LOG_RETENTION_DAYS, 30, 'How long the logs of the functions are kept.'),
  logBudgetMbPerDay: wholeNumber(
    1,
    1_000_000,
    1024,
    'Log volume of all functions a day above which the operations topic is notified.',
  ),
  archive: onOff(
    true,
    'Keep accepted records in the archive bucket. Off means no dossiers, hunts or rebuilds from there.',
  ),
  archiveDays: wholeNumber(1, 3650, 90, 'Days until archived records expire.'),
  archiveLockDays: wholeNumber(
    0,
    3650,
    0,
    'Days for which nobody can change or delete an archived record (S3 Object Lock, governance mode): evidence against insiders. 0 is off. Erasing a customer earlier then needs s3:BypassGovernanceRetention.',
  ),
  ...HUNT_SETTINGS,
  quarantineDays: wholeNumber(
    1,
    3650,
    90,
    'Days until quarantined payloads expire; redrive what you want back before that.',
  ),
  findingDays: wholeNumber(
    0,
    3650,
    1096,
    'Days after its last change when a finding is deleted with its audit trail. 0 keeps findings for ever.',
  ),
  allowedSkewSeconds: wholeNumber(
    0,
    3600,
    300,
    'How far an event may be ahead of its arrival before it is quarantined as coming from the future.',
  ),
  replayClock: onOff(
    false,
    'Trust the arrival time written in a record instead of the time of the stream. For demos and rebuilds only: who may put records could then set the clock, and events under development keys are taken.',
  ),
  foreignCalibration: choice(
    ['shadow', 'accuse'],
    'shadow',
    "What a calibration does that was learnt from other traffic than this deployment's, such as the shipped one: record in the shadow what it would have flagged, or open findings. Accuse is for demos only.",
  ),
  policyStalenessSeconds: wholeNumber(
    1,
    3600,
    30,
    'How far a function may be behind a policy that was deployed. AppConfig asks for at least 15 between two reads; less is allowed with replayClock only.',
  ),
  policyBakeMinutes: wholeNumber(
    0,
    1440,
    20,
    'How long alarms can take a new policy back by themselves; no other policy can be pushed meanwhile. Long enough for the alarms, or 0: then no alarm takes a policy back.',
  ),
  linkMinutes: wholeNumber(5, 1440, 15, 'Minutes between two runs of `link`.'),
  linkPressureMinutes: wholeNumber(
    1,
    1440,
    5,
    'Least minutes between a run of `link` and the next one that changes ask for before the schedule.',
  ),
  sweepMinutes: wholeNumber(
    1,
    60,
    5,
    'Minutes between two sweeps for notices that the table streams did not deliver.',
  ),
  calibrateHourUtc: wholeNumber(0, 23, 3, 'Hour (UTC) of the daily calibration.'),
  ...SHARD_SETTINGS,
  securityHub: onOff(
    false,
    "Import findings into the account's AWS Security Hub CSPM, which has to be enabled in the region.",
  ),
  triageApi: onOff(
    true,
    "A URL with IAM authentication by which findings are read and verdicts given, by our commands and a team's own tools. Without it, who gives verdicts writes the findings table.",
  ),
  findingsEmails: addresses('Subscribers of the findings topic: the security team.'),
  criticalPhones: phones(
    'Phones that get a text message when a finding opens at, escalates to or comes back at critical. A new account is in the SMS sandbox of SNS and reaches verified numbers only.',
  ),
  operationsEmails: addresses('Subscribers of the operations topic (alarms) and of the budget.'),
  iteratorAgeMinutes: wholeNumber(1, 1440, 15, 'Lag of a stream consumer that raises the alarm.'),
  undeliveredMinutes: wholeNumber(1, 1440, 15, 'Age of an undelivered notice that raises the alarm.'),
  quarantinedEvents: wholeNumber(
    1,
    1_000_000,
    10,
    'Events quarantined within five minutes that raise the alarm.',
  ),
  noTrafficMinutes: wholeNumber(
    0,
    1440,
    60,
    'Minutes without a record on the stream that raise the alarm, in steps of 5; 0 switches it off.',
  ),
  calibrationAgeHours: wholeNumber(
    24,
    720,
    49,
    'Age of the learnt calibration in use that raises the alarm; the one that ships has no age.',
  ),
  runbookBaseUrl: text(
    /^\S{1,200}$/,
    'docs/operations.md',
    'up to 200 characters without spaces',
    'Where the runbook links of the alarms point to; the anchor of the alarm is added.',
  ),
  removal: choice(
    ['retain', 'destroy'],
    'retain',
    'What becomes of tables, buckets and the key when the stack is deleted.',
  ),
  deletionProtection: onOff(true, 'Refuse to delete the tables. Must be false when removal is destroy.'),
  monthlyBudgetUsd: wholeNumber(
    0,
    10_000_000,
    0,
    "AWS Budget on the account's monthly cost, sent to operationsEmails at 80 % actual and 100 % forecast; 0 means none.",
  ),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof SETTINGS;
export type Settings = {
  readonly [K in SettingName]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

/** One rule over several settings; `broken` returns what is wrong, or undefined. */
interface CrossRule {
  readonly broken: (settings: Settings, given: ReadonlySet<string>) => string | undefined;
}

const CROSS_RULES: readonly CrossRule[] = [
  {
    broken: (s, given) =>
      given.has('shards') && s.streamMode === 'on-demand'
        ? `siphonwatch:shards is ${s.shards} while siphonwatch:streamMode is on-demand: shards are allowed only with provisioned`
        : undefined,
  },
  {
    broken: (s, given) =>
      given.has('tableUnits') && s.tableMode === 'on-demand'
        ? `siphonwatch:tableUnits is ${s.tableUnits} while siphonwatch:tableMode is on-demand: units are allowed only with provisioned`
        : undefined,
  },
  {
    broken: (s) =>
      s.maxRecordAgeHours >= s.retentionHours
        ? `siphonwatch:maxRecordAgeHours is ${s.maxRecordAgeHours} while siphonwatch:retentionHours is ${s.retentionHours}: allowed is less than the retention, or failing records expire unseen`
        : undefined,
  },
  {
    broken: (s) =>
      s.archiveLockDays > s.archiveDays
        ? `siphonwatch:archiveLockDays is ${s.archiveLockDays} while siphonwatch:archiveDays is ${s.archiveDays}: allowed is at most as long as records are kept`
        : undefined,
  },
  {
    broken: (s) =>
      s.archiveLockDays > 0 && s.removal === 'destroy'
        ? 'siphonwatch:archiveLockDays is set while siphonwatch:removal is destroy: allowed is 0, or the bucket could not be deleted'
        : undefined,
  },
  ...HUNT_RULES,
  ...BACKTEST_RULES,
  {
    broken: (s) =>
      s.policyStalenessSeconds < 15 && !s.replayClock
        ? `siphonwatch:policyStalenessSeconds is ${s.policyStalenessSeconds}: allowed is 15 or more, or AppConfig refuses the reads`
        : undefined,
  },
  {
    broken: (s) =>
      s.policyBakeMinutes === 0 || s.policyBakeMinutes >= leastBakeMinutes(s)
        ? undefined
        : `siphonwatch:policyBakeMinutes is ${s.policyBakeMinutes} while siphonwatch:policyStalenessSeconds is ${s.policyStalenessSeconds}, siphonwatch:batchWindowSeconds ${s.batchWindowSeconds} and siphonwatch:scoreTimeoutSeconds ${s.scoreTimeoutSeconds}: allowed is 0 (no alarm takes a policy back) or at least ${leastBakeMinutes(s)}, or no alarm could be raised in time`,
  },
  {
    broken: (s) =>
      s.noTrafficMinutes % 5 === 0
        ? undefined
        : `siphonwatch:noTrafficMinutes is ${s.noTrafficMinutes}: allowed is 0 or a multiple of 5`,
  },
  {
    broken: (s) =>
      s.removal === 'destroy' && s.deletionProtection
        ? 'siphonwatch:deletionProtection is true while siphonwatch:removal is destroy: allowed is false, or the stack could not be deleted'
        : undefined,
  },
  {
    broken: (s) =>
      s.monthlyBudgetUsd > 0 && s.operationsEmails.length === 0
        ? `siphonwatch:monthlyBudgetUsd is ${s.monthlyBudgetUsd} while siphonwatch:operationsEmails is empty: a budget needs someone to tell`
        : undefined,
  },
  {
    // AWS Budgets takes at most ten addresses per notification.
    broken: (s) =>
      s.monthlyBudgetUsd > 0 && s.operationsEmails.length > 10
        ? `siphonwatch:operationsEmails has ${s.operationsEmails.length} addresses while siphonwatch:monthlyBudgetUsd is set: allowed are at most 10`
        : undefined,
  },
];

/** Context values that were refused; the message has one line for each, naming key, value and what is allowed. */
export class SettingsError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The context has values that Siphonwatch refuses:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

function unknownKey(name: string): string {
  const near = Object.keys(SETTINGS).find((known) => known.toLowerCase() === name.toLowerCase());
  const hint = near
    ? `did you mean ${SETTING_PREFIX}${near}?`
    : `known keys are ${Object.keys(SETTINGS).join(', ')}`;
  return `${SETTING_PREFIX}${name} is not a setting: ${hint}`;
}

/**
 * Reads the settings from the CDK context; keys without the prefix belong to others and are left alone.
 * @throws SettingsError with every problem at once: unknown keys, bad values, values that contradict each other
 */
export function readSettings(context: Readonly<Record<string, unknown>>): Settings {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(SETTINGS)) values[name] = setting.fallback;
  const given = new Set<string>();
  for (const [key, value] of Object.entries(context)) {
    if (!key.startsWith(SETTING_PREFIX)) continue;
    const name = key.slice(SETTING_PREFIX.length);
    if (!isSettingName(name)) {
      problems.push(unknownKey(name));
      continue;
    }
    const parsed = SETTINGS[name].schema.safeParse(value);
    if (parsed.success) {
      values[name] = parsed.data;
      given.add(name);
    } else {
      problems.push(`${key} is ${JSON.stringify(value)}: allowed is ${SETTINGS[name].allowed}`);
    }
  }
  const gathering = LATENCY[values.latency as keyof typeof LATENCY];
  for (const name of GATHERING) if (!given.has(name)) values[name] = gathering[name];
  if (problems.length === 0) {
    // Every name of SETTINGS has been filled above, from its fallback or its parsed value.
    const settings = values as Settings;
    for (const rule of CROSS_RULES) {
      const problem = rule.broken(settings, given);
      if (problem) problems.push(problem);
    }
    if (problems.length === 0) return settings;
  }
  throw new SettingsError(problems);
}
