import { shardsAtOnce } from '../contract/shards-at-once.ts';
import { TABLE_STREAM_SHARDS } from '../contract/tables.ts';
import { type Check, type Diagnosis, NEARLY, SHIPPED, thresholdOf, when } from './check.ts';
import type { DeploymentFacts } from './facts.ts';
import { POLICY_CHECKS } from './policy-checks.ts';

/** Functions that run at once at a peak: one for each lane of each shard that is read, one for each schedule, and what runs in shards. */
function atOnce({ mappings, schedules, stream, shards }: DeploymentFacts): number | undefined {
  if (mappings === undefined || schedules === undefined || stream === undefined) return undefined;
  const read = { events: stream.shards, table: TABLE_STREAM_SHARDS };
  return mappings.reduce(
    (sum, { reads, lanes }) => sum + read[reads] * lanes,
    schedules.length + shardsAtOnce(shards),
  );
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
    id: 'code-differs',
    severity: 'missing',
    remedy: 'npx cdk diff says what would change; deploy this checkout, or use the one that was deployed',
    find: ({ code }) =>
      when(
        code.deployed === code.local && code.sameSources === false,
        `deployed is version ${code.deployed} too, from other sources than those of this checkout`,
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
    id: 'sms-limit',
    severity: 'missing',
    remedy: 'have the quota raised, then aws sns set-sms-attributes (operations.md#deploy)',
    find: ({ smsLimitUsd, subscribers: { findings = [] } }) =>
      when(
        smsLimitUsd !== undefined && smsLimitUsd <= 1 && findings.some(({ protocol }) => protocol === 'sms'),
        `phones are subscribed, and the account stops text messages at USD ${smsLimitUsd} a month`,
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
    id: 'alarm-deleted',
    severity: 'wrong',
    remedy: 'npx cdk deploy --revert-drift makes it again (operations.md#deleted-or-changed-by-hand)',
    find: ({ alarmsGone = [] }) => alarmsGone.map((name) => `${name} is no more: somebody deleted it`),
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
  ...POLICY_CHECKS,
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
    find: ({ stream, mappings }) => {
      const reader = mappings?.find(({ reads }) => reads === 'events');
      const given = reader === undefined ? SHIPPED.recordAgeHours : reader.recordAgeHours;
      return when(
        stream !== undefined && stream.retentionHours <= (given ?? Number.POSITIVE_INFINITY),
        `the stream keeps records ${stream?.retentionHours} hours: those that fail expire before they are given up, unseen`,
      );
    },
  },
  {
    id: 'no-traffic',
    severity: 'wrong',
    remedy: 'operations.md#alarm-no-traffic',
    find: ({ recordsLastHour }) =>
      when(recordsLastHour === 0, 'no record came within the last hour: no account is watched'),
  },
  {
    id: 'gateway-silent',
    severity: 'missing',
    remedy: 'ask its team what was deployed there; operations.md#alarm-no-traffic has what to look at',
    find: ({ gateways = [] }) =>
      gateways
        .filter(({ lastHour }) => lastHour === 0)
        .map(
          ({ name, lastDay }) =>
            `the gateway ${name} sent ${lastDay} events within a day, and none within the last hour`,
        ),
  },
  {
    id: 'lag',
    severity: 'wrong',
    remedy: 'operations.md#alarm-iterator-age',
    find: (facts) =>
      (facts.lag ?? [])
        .filter(
          ({ minutes }) =>
            minutes * 60_000 >= thresholdOf(facts, 'iterator-age-score', SHIPPED.iteratorAgeMs),
        )
        .map(({ name, minutes }) => `${name} is ${Math.round(minutes)} minutes behind its stream`),
  },
  {
    id: 'table-quota',
    severity: 'wrong',
    remedy: 'ask for more units a table: operations.md#alarm-throttles has the command',
    find: ({ tableUse = [] }) =>
      tableUse
        .filter(({ unitsPerSecond, quota }) => unitsPerSecond >= NEARLY * quota)
        .map(
          ({ name, unitsPerSecond, quota }) =>
            `the table ${name} took ${Math.round(unitsPerSecond)} write units a second within the last hour, of ${quota} that the account allows a table`,
        ),
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
    find: (facts) => {
      const waiting = facts.undeliveredSeconds ?? 0;
      const late = thresholdOf(facts, 'undelivered', SHIPPED.undeliveredSeconds);
      return when(waiting >= late, `a notice has been waiting for ${Math.round(waiting / 60)} minutes`);
    },
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
