import { TABLE_STREAM_SHARDS } from '../contract/tables.ts';
import { CALIBRATION_FORMAT } from '../scoring/calibration.ts';
import type { DeploymentFacts } from './facts.ts';

/** Something wrong or missing, and what to do about it. */
export interface Diagnosis {
  readonly check: string;
  /** wrong: act; missing: decide whether it is meant so */
  readonly severity: 'wrong' | 'missing';
  readonly what: string;
  readonly remedy: string;
}

interface Check {
  readonly id: string;
  readonly severity: Diagnosis['severity'];
  readonly remedy: string;
  /** one sentence for each thing found; undefined facts find nothing */
  readonly find: (facts: DeploymentFacts) => readonly string[];
}

/** Hours after which a learnt calibration is old; the setting `calibrationAgeHours` raises the alarm. */
const CALIBRATION_HOURS = 49;
const UNDELIVERED_SECONDS = 15 * 60;
/** The default of the setting `maxRecordAgeHours`. */
const RECORD_AGE_HOURS = 24;

const when = (condition: boolean | undefined, text: string): readonly string[] =>
  condition === true ? [text] : [];

/** Functions that run at once at a peak: one for each lane of each shard that is read, and one for each schedule. */
function atOnce({ mappings, schedules, stream }: DeploymentFacts): number | undefined {
  if (mappings === undefined || schedules === undefined || stream === undefined) return undefined;
  const shards = { events: stream.shards, table: TABLE_STREAM_SHARDS };
  return mappings.reduce((sum, { reads, lanes }) => sum + shards[reads] * lanes, schedules.length);
}

/** Every check, in the order in which an operator would look. Anchors are those of docs/operations.md. */
export const CHECKS: readonly Check[] = [
  {
    id: 'stack-status',
    severity: 'wrong',
    remedy: 'look at the events of the stack, mend the cause, deploy again (operations.md#upgrade)',
    find: ({ stack }) =>
      when(
        !/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(stack.status),
        `the stack is ${stack.status}: its last deployment did not end well`,
      ),
  },
  {
    id: 'code-version',
    severity: 'missing',
    remedy: 'deploy this checkout, or use the one that was deployed (operations.md#upgrade)',
    find: ({ code }) =>
      when(
        code.deployed !== undefined && code.deployed !== code.local,
        `deployed is version ${code.deployed}, this command is ${code.local}`,
      ),
  },
  {
    id: 'findings-unread',
    severity: 'wrong',
    remedy: 'subscribe the security team: the output Next1Subscribe has the command',
    find: ({ subscribers: { findings } }) =>
      when(
        findings?.length === 0,
        'nobody is subscribed to findings: they are recorded and nobody is notified',
      ),
  },
  {
    id: 'findings-unconfirmed',
    severity: 'wrong',
    remedy: 'follow the link in the mail of AWS Notifications; it is sent again with aws sns subscribe',
    find: ({ subscribers: { findings = [] } }) =>
      findings
        .filter(({ confirmed }) => !confirmed)
        .map(({ protocol }) => `a ${protocol} subscription of findings is not confirmed, and gets nothing`),
  },
  {
    id: 'operations-unread',
    severity: 'wrong',
    remedy: 'deploy with -c siphonwatch:operationsEmails=..., or subscribe to the output OperationsTopicArn',
    find: ({ subscribers: { operations } }) =>
      when(operations?.length === 0, 'nobody is subscribed to alarms'),
  },
  {
    id: 'operations-unconfirmed',
    severity: 'wrong',
    remedy: 'follow the link in the mail of AWS Notifications',
    find: ({ subscribers: { operations = [] } }) =>
      operations
        .filter(({ confirmed }) => !confirmed)
        .map(({ protocol }) => `a ${protocol} subscription of alarms is not confirmed, and gets nothing`),
  },
  {
    id: 'sms-sandbox',
    severity: 'wrong',
    remedy: 'verify the numbers, or ask for production access (operations.md#deploy)',
    find: ({ smsSandbox, subscribers: { findings = [] } }) =>
      when(
        smsSandbox === true && findings.some(({ protocol }) => protocol === 'sms'),
        'phones are subscribed, and the account is in the SMS sandbox: only verified numbers get messages',
      ),
  },
  {
    id: 'concurrency',
    severity: 'wrong',
    remedy: 'ask for more: operations.md#alarm-throttles has the command',
    find: (facts) => {
      const [quota, wanted] = [facts.concurrency, atOnce(facts)];
      return when(
        quota !== undefined && wanted !== undefined && quota < wanted,
        `${quota} functions may run at once, up to ${wanted} will at a peak`,
      );
    },
  },
  {
    id: 'alarm',
    severity: 'wrong',
    remedy: "follow the runbook in the alarm's description",
    find: ({ alarms = [] }) =>
      alarms
        .filter(({ state }) => state === 'ALARM')
        .map(({ name, description }) => `${name}: ${description}`),
  },
  {
    id: 'alarm-muted',
    severity: 'wrong',
    remedy: 'aws cloudwatch enable-alarm-actions --alarm-names NAME',
    find: ({ alarms = [] }) =>
      alarms
        .filter(({ actionsEnabled }) => !actionsEnabled)
        .map(({ name }) => `${name} tells nobody: its actions are off`),
  },
  {
    id: 'function-failed',
    severity: 'wrong',
    remedy: 'aws lambda get-function-configuration says why; deploy again',
    find: ({ functions = [] }) =>
      functions
        .filter(({ state }) => state !== 'Active' && state !== 'Inactive')
        .map(({ name, state }) => `${name} is ${state}`),
  },
  {
    id: 'replay-clock',
    severity: 'wrong',
    remedy: 'deploy without replayClock, unless this stack is a rebuild',
    find: ({ functions = [] }) =>
      functions
        .filter(({ trustsReplayClock }) => trustsReplayClock)
        .map(({ name }) => `${name} trusts the time inside records: who may put records may set the clock`),
  },
  {
    id: 'mapping-disabled',
    severity: 'wrong',
    remedy: 'aws lambda update-event-source-mapping --uuid UUID --enabled, or deploy again',
    find: ({ mappings = [] }) =>
      mappings
        .filter(({ state }) => !/^(Enabled|Enabling|Creating|Updating)$/.test(state))
        .map(({ name, state }) => `${name} is ${state}: nothing is read`),
  },
  {
    id: 'mapping-problem',
    severity: 'wrong',
    remedy:
      'the message names what Lambda was refused: deploy again, or mend the policy of the key or the stream',
    find: ({ mappings = [] }) =>
      mappings
        .filter(({ result }) => result.startsWith('PROBLEM'))
        .map(({ name, result }) => `${name}: ${result}`),
  },
  {
    id: 'schedule-disabled',
    severity: 'wrong',
    remedy: 'aws events enable-rule --name NAME (operations.md#alarm-silent)',
    find: ({ schedules = [] }) =>
      schedules.filter(({ enabled }) => !enabled).map(({ name }) => `the schedule ${name} is disabled`),
  },
  {
    id: 'policy-unreadable',
    severity: 'wrong',
    remedy: 'use the version that it was pushed with, or siphonwatch policy rollback',
    find: ({ policy }) =>
      when(policy?.fault !== undefined, `the active policy cannot be read: ${policy?.fault}`),
  },
  {
    id: 'policy-taken-back',
    severity: 'wrong',
    remedy: 'an alarm or a person took it back: operations.md#alarm-policy',
    find: ({ policy }) =>
      when(
        /^(ROLLED_BACK|ROLLING_BACK|REVERTED)$/.test(policy?.lastPush ?? ''),
        'the newest push of a policy was taken back: the one before is active',
      ),
  },
  {
    id: 'calibration-missing',
    severity: 'wrong',
    remedy:
      'put the object back from an older version, or siphonwatch policy rollback (operations.md#alarm-policy)',
    find: ({ policy }) =>
      when(
        policy?.calibration === 'missing',
        `the calibration ${policy?.active?.calibration} that the active policy names is not in the state bucket: new instances of functions fail`,
      ),
  },
  {
    id: 'calibration-format',
    severity: 'wrong',
    remedy:
      'invoke calibrate, and name what it learns: operations.md#alarm-calibration-format has the commands',
    find: ({ policy }) => {
      const held = policy?.calibration;
      return typeof held === 'object' && 'format' in held
        ? [
            `the calibration ${policy?.active?.calibration} is of format ${held.format}, this version reads format ${CALIBRATION_FORMAT}: where it is deployed nobody is judged`,
          ]
        : [];
    },
  },
  {
    id: 'calibration-damaged',
    severity: 'wrong',
    remedy:
      'put the object back from an older version, or siphonwatch policy rollback (operations.md#alarm-policy)',
    find: ({ policy }) => {
      const held = policy?.calibration;
      return typeof held === 'object' && 'damaged' in held ? [`${held.damaged}: new functions fail`] : [];
    },
  },
  {
    id: 'calibration-old',
    severity: 'wrong',
    remedy: 'put a newer one into force: operations.md#alarm-calibration-age',
    find: ({ policy }) => {
      const held = policy?.calibration;
      const age = typeof held === 'object' && 'ageHours' in held ? held.ageHours : 0;
      return when(age >= CALIBRATION_HOURS, `the calibration in force is ${Math.round(age)} hours old`);
    },
  },
  {
    id: 'calibration-shipped',
    severity: 'missing',
    remedy:
      'learn one from two weeks of your own traffic, in the shadow first (operations.md#two-weeks-in-the-shadow)',
    find: ({ policy }) =>
      when(
        policy?.calibration === 'shipped',
        'the calibration in force is the shipped one, learnt elsewhere: nobody is accused, but where foreignCalibration says so',
      ),
  },
  {
    id: 'stream',
    severity: 'wrong',
    remedy: 'deploy again; a stream that is updated becomes active by itself',
    find: ({ stream }) =>
      when(
        stream !== undefined && stream.status !== 'ACTIVE' && stream.status !== 'UPDATING',
        `the stream is ${stream?.status}`,
      ),
  },
  {
    id: 'stream-retention',
    severity: 'wrong',
    remedy: 'aws kinesis increase-stream-retention-period, and the setting retentionHours',
    find: ({ stream }) =>
      when(
        stream !== undefined && stream.retentionHours <= RECORD_AGE_HOURS,
        `the stream keeps records ${stream?.retentionHours} hours: those that fail expire before they are given up, unseen`,
      ),
  },
  {
    id: 'no-traffic',
    severity: 'wrong',
    remedy: 'operations.md#alarm-no-traffic',
    find: ({ recordsLastHour }) =>
      when(recordsLastHour === 0, 'no record came within the last hour: no account is watched'),
  },
  {
    id: 'table',
    severity: 'wrong',
    remedy: 'restore it (operations.md#restore-drill), or deploy again',
    find: ({ tables = [] }) =>
      tables
        .filter(({ status }) => status !== 'ACTIVE' && status !== 'UPDATING')
        .map(({ name, status }) => `the table ${name} is ${status ?? 'not there'}`),
  },
  {
    id: 'quarantine',
    severity: 'wrong',
    remedy: 'mend the cause, then siphonwatch redrive (operations.md#quarantine-and-redrive)',
    find: ({ quarantine }) =>
      when(
        (quarantine?.events ?? 0) > 0,
        `${quarantine?.events} objects with quarantined events have not been put back`,
      ),
  },
  {
    id: 'failed-batches',
    severity: 'wrong',
    remedy: 'mend the cause, then siphonwatch redrive (operations.md#alarm-dead-letters)',
    find: ({ quarantine }) =>
      when(
        (quarantine?.batches ?? 0) > 0,
        `${quarantine?.batches} batches that Lambda gave up have not been put back`,
      ),
  },
  {
    id: 'dead-letters',
    severity: 'wrong',
    remedy: 'operations.md#alarm-dead-letters',
    find: ({ deadLetters }) =>
      when((deadLetters ?? 0) > 0, `${deadLetters} runs that failed for good are in the queue`),
  },
  {
    id: 'undelivered',
    severity: 'wrong',
    remedy: 'operations.md#alarm-undelivered',
    find: ({ undeliveredSeconds }) =>
      when(
        (undeliveredSeconds ?? 0) >= UNDELIVERED_SECONDS,
        `a notice has been waiting for ${Math.round((undeliveredSeconds ?? 0) / 60)} minutes`,
      ),
  },
  {
    id: 'key',
    severity: 'wrong',
    remedy: 'aws kms cancel-key-deletion --key-id ID, then aws kms enable-key --key-id ID',
    find: ({ keyState }) =>
      when(
        keyState !== undefined && keyState !== 'Enabled',
        `the key is ${keyState}: nothing can be read or written`,
      ),
  },
];

/** Everything that is wrong or missing, in the order of the checks. */
export function diagnose(facts: DeploymentFacts): Diagnosis[] {
  return CHECKS.flatMap(({ id, severity, remedy, find }) =>
    find(facts).map((what) => ({ check: id, severity, what, remedy })),
  );
}
