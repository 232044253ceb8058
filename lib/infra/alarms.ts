/**
 * The alarms, as data. Each answers one question that an operator would be woken for, and each has a runbook in
 * docs/operations.md under its own anchor (a test checks that it is there).
 */
import { FUNCTION_NAMES, type FunctionName } from '../contract/environment.ts';
import { type MetricName, metricsNamespace } from '../contract/metrics.ts';
import { TABLES, type TableName } from '../contract/tables.ts';
import { ROLLBACK_ALARM_IDS, rollbackAlarms } from './bake-time.ts';
import { COMPACT } from './compact-size.ts';
import { atPace, PACED, paceMinutes, type Writer } from './metric-pace.ts';
import type { MappingName, ScheduleName } from './pipeline.ts';
import type { Settings } from './settings.ts';

/** How a run in shards ends badly, by what its alarm's id ends with: step-functions/latest/dg/procedure-cw-metrics.html. */
const RUN_ENDINGS = [
  ['', 'ExecutionsFailed'],
  // a run that takes too long is no failed one
  ['-time', 'ExecutionsTimedOut'],
] as const;

/** State machines of runs in shards: from which setting on they are there, and what a run that ended badly means. */
const MACHINES = {
  calibrate: {
    isThere: ({ calibrateShards }: Settings) => calibrateShards > 1,
    why: 'A calibration in shards has failed, or taken too long: nothing new is learnt until it is resumed, or until the next day.',
  },
  link: {
    isThere: ({ linkShards }: Settings) => linkShards > 1,
    why: 'A run of link in shards has failed, or taken too long: campaigns are as they were until the next one, which does the rest.',
  },
  backtest: {
    isThere: ({ backtestShards }: Settings) => backtestShards > 0,
    why: 'A backtest in shards has failed, or taken too long: whoever started it has no outcome until it is resumed.',
  },
} as const;
export type MachineName = keyof typeof MACHINES;

/** What a metric is about; the stack knows the dimension that names it. */
export type Subject =
  | { readonly fn: FunctionName }
  /** a metric that a function emits itself */
  | { readonly service: FunctionName }
  | { readonly mapping: MappingName }
  | { readonly schedule: ScheduleName }
  | { readonly stream: true }
  /** reads and writes that were refused, of a table and of its index: a sum over their metrics */
  | { readonly throttlesOf: TableName }
  | { readonly topic: 'findings' | 'operations' }
  | { readonly queue: 'deadLetters' }
  /** runs in shards */
  | { readonly machine: MachineName }
  /** log volume of all functions together: a sum over their log groups */
  | { readonly logs: true };

export interface AlarmMetric {
  readonly namespace: string;
  readonly name: string;
  readonly statistic: 'Sum' | 'Maximum' | 'Minimum' | 'Average';
  readonly subject: Subject;
}

export interface AlarmDeclaration {
  /** stable: part of the alarm's name */
  readonly id: string;
  readonly metric: AlarmMetric;
  /** the alarm is raised at or above `threshold`, or below it for 'below' */
  readonly when: 'atOrAbove' | 'below';
  readonly threshold: number;
  readonly periodMinutes: number;
  /** periods that are looked at */
  readonly periods: number;
  /** how many of them have to be bad; all of them where nothing is said */
  readonly bad?: number;
  /**
   * what silence means; an absent data point is a fault only where data always flow. The state of something that stays until it is
   * mended, and is looked at now and then, stays until it is looked at again ('as-before').
   */
  readonly missing: 'fine' | 'breaching' | 'as-before';
  /** page: act now, findings are delayed or lost; ticket: act today */
  readonly severity: 'page' | 'ticket';
  readonly why: string;
  /** anchor of the runbook in docs/operations.md */
  readonly runbook: string;
}

const lambda = (fn: FunctionName, name: string, statistic: AlarmMetric['statistic']): AlarmMetric => ({
  namespace: 'AWS/Lambda',
  name,
  statistic,
  subject: { fn },
});

const CONSUMERS: readonly FunctionName[] = ['score', 'notify', 'index', 'link'];
/** They judge, or learn, under the active policy. */
const POLICY_READERS: readonly FunctionName[] = ['score', 'link', 'calibrate'];
const MAPPINGS: readonly MappingName[] = ['score', 'notifyProfiles', 'notifyCampaigns', 'index', 'linkAsked'];
const SCHEDULES = ['sweep', 'link', 'calibrate'] as const satisfies readonly ScheduleName[];
/** Without these two no finding reaches anyone. */
const ON_THE_WAY: readonly FunctionName[] = ['score', 'notify'];

/** A scheduled function fails at most once a run: one failure is already one run lost. */
const SCHEDULED: readonly FunctionName[] = [...SCHEDULES, 'compact'];

const urgency = (fn: FunctionName): 'page' | 'ticket' => (ON_THE_WAY.includes(fn) ? 'page' : 'ticket');

/** What nobody does while a scheduled function is silent. */
const SILENCE: Readonly<Record<ScheduleName, string>> = {
  sweep: 'undelivered notices would stay unseen.',
  link: 'no campaign is found or judged.',
  calibrate: 'nothing is learnt, and findings of accounts that fell silent stay open.',
  compact: 'hunts do not see the days that ended since.',
};

/** Two runs that did not happen, in whole hours, and one more for the schedule's own drift. */
function silentAfterHours(fn: ScheduleName, { sweepMinutes, linkMinutes }: Settings): number {
  if (fn === 'calibrate') return 26;
  const minutes = { sweep: sweepMinutes, link: linkMinutes, compact: COMPACT.everyMinutes }[fn];
  return Math.ceil((2 * minutes) / 60) + 1;
}

/** Metrics of Lambda that a function has only when it runs. */
const OF_RUNS: readonly string[] = ['Errors', 'IteratorAge'];

/** Which function has to run for an alarm's metric to be written; undefined: AWS writes it as things happen. */
export function writerOf({ name, subject }: AlarmMetric): Writer {
  const paced = (fn: FunctionName): Writer => PACED.find((own) => own === fn);
  if ('service' in subject) return paced(subject.service);
  // link is woken through its stream too, and its age is that of these runs
  const own = 'fn' in subject && OF_RUNS.includes(name) && !(subject.fn === 'link' && name === 'IteratorAge');
  return own ? paced(subject.fn) : undefined;
}

/** Metrics that all alarms look at: CloudWatch bills an alarm for each (aws.amazon.com/cloudwatch/pricing). */
export function alarmMetrics(settings: Settings): number {
  const logs =
    FUNCTION_NAMES.length +
    Number(settings.triageApi) +
    Number(settings.hunts) +
    Number(settings.backtestShards > 0);
  return alarmsFor(settings).reduce((sum, { metric: { subject } }) => {
    if ('logs' in subject) return sum + logs;
    // reads and writes, and those of the index
    if ('throttlesOf' in subject) return sum + ('index' in TABLES[subject.throttlesOf] ? 4 : 2);
    return sum + 1;
  }, 0);
}

/** Every alarm of a deployment with these settings, each looking at its metric no faster than that is written. */
export function alarmsFor(settings: Settings): readonly AlarmDeclaration[] {
  return declared(settings).map((alarm) =>
    // their periods follow from the bake time, and so does the pace in them
    ROLLBACK_ALARM_IDS.some((id) => id === alarm.id) || alarm.when === 'below'
      ? alarm
      : { ...alarm, ...atPace(alarm, paceMinutes(writerOf(alarm.metric), settings)) },
  );
}

function declared(settings: Settings): readonly AlarmDeclaration[] {
  const rollback = rollbackAlarms(settings);
  const fine = { when: 'atOrAbove', missing: 'fine' } as const;
  const alarms: AlarmDeclaration[] = [];
  const own = (
    service: FunctionName,
    name: MetricName,
    statistic: AlarmMetric['statistic'],
  ): AlarmMetric => ({
    namespace: metricsNamespace(settings.stackName),
    name,
    statistic,
    subject: { service },
  });

  for (const fn of CONSUMERS) {
    alarms.push({
      ...fine,
      id: `iterator-age-${fn}`,
      metric: lambda(fn, 'IteratorAge', 'Maximum'),
      threshold: settings.iteratorAgeMinutes * 60_000,
      periodMinutes: 5,
      periods: 3,
      severity: urgency(fn),
      why: `${fn} has been behind its stream by ${settings.iteratorAgeMinutes} minutes or more for 15 minutes: findings are late, and records are lost at the end of the retention.`,
      runbook: 'alarm-iterator-age',
    });
  }
  const names: readonly FunctionName[] = [
    ...FUNCTION_NAMES,
    ...(settings.triageApi ? (['triage'] as const) : []),
    ...(settings.hunts ? (['compact'] as const) : []),
    ...(settings.backtestShards > 0 ? (['backtest'] as const) : []),
  ];
  const schedules: readonly ScheduleName[] = settings.hunts ? [...SCHEDULES, 'compact'] : SCHEDULES;
  for (const fn of names) {
    alarms.push({
      ...fine,
      id: `failures-${fn}`,
      metric: lambda(fn, 'Errors', 'Sum'),
      threshold: 1,
      periodMinutes: 5,
      // One failed batch is retried and bisected; three periods in a row are a fault that stays.
      periods: SCHEDULED.includes(fn) || fn === 'validatePolicy' ? 1 : 3,
      severity: urgency(fn),
      ...(fn === 'validatePolicy'
        ? {
            why: 'A policy that was pushed has been refused, or could not be validated: the last good one stays active.',
            runbook: 'alarm-policy',
          }
        : {
            why: `Invocations of ${fn} fail: a bug, a timeout or a permission that is missing.`,
            runbook: 'alarm-failures',
          }),
    });
    alarms.push({
      ...fine,
      id: `throttles-${fn}`,
      metric: lambda(fn, 'Throttles', 'Sum'),
      // what a schedule wakes is tried again every few minutes, and not in each of them
      ...(SCHEDULED.includes(fn)
        ? { threshold: 3, periodMinutes: 30, periods: 1 }
        : { threshold: 1, periodMinutes: 5, periods: 3 }),
      severity: urgency(fn),
      why: `Lambda refuses to run ${fn}: the concurrency of the account is used up.`,
      runbook: 'alarm-throttles',
    });
  }
  alarms.push(
    {
      ...fine,
      id: 'throttles-stream',
      metric: {
        namespace: 'AWS/Kinesis',
        name: 'WriteProvisionedThroughputExceeded',
        statistic: 'Sum',
        subject: { stream: true },
      },
      threshold: 1,
      periodMinutes: 5,
      periods: 3,
      severity: 'page',
      why: 'The stream refuses records of the gateways: the recorders hold them back, and lose them when they stop.',
      runbook: 'alarm-throttles',
    },
    ...(['profile', 'finding', 'link', 'campaign'] as const).map(
      (table): AlarmDeclaration => ({
        ...fine,
        id: `throttles-table-${table}`,
        metric: {
          namespace: 'AWS/DynamoDB',
          name: 'ThrottleEvents',
          statistic: 'Sum',
          subject: { throttlesOf: table },
        },
        threshold: 1,
        periodMinutes: 5,
        periods: 3,
        severity: table === 'profile' ? 'page' : 'ticket',
        why: `Reads or writes of the ${table} table, or of its index, are refused: a hot partition (1,000 write or 3,000 read units a second), a jump above twice the last peak, or provisioned capacity that is used up.`,
        runbook: 'alarm-throttles',
      }),
    ),
    {
      ...fine,
      id: 'quarantine',
      metric: own('score', 'EventsQuarantined', 'Sum'),
      threshold: settings.quarantinedEvents,
      periodMinutes: 5,
      periods: 1,
      severity: 'ticket',
      why: `${settings.quarantinedEvents} or more events were quarantined within five minutes: usually a recorder of another version, or a clock that is wrong.`,
      runbook: 'alarm-quarantine',
    },
    {
      ...fine,
      id: 'unscored',
      metric: own('score', 'AccountsUnscored', 'Sum'),
      threshold: 1,
      periodMinutes: 60,
      periods: 1,
      severity: 'ticket',
      why: 'Within an hour a quarter or more of the events of an account were repeated, late or quarantined: what is not scored is not watched.',
      runbook: 'alarm-unscored',
    },
    {
      ...fine,
      id: 'development-key',
      metric: own('score', 'EventsUnderDevelopmentKey', 'Sum'),
      threshold: 1,
      periodMinutes: 5,
      periods: 1,
      severity: 'page',
      why: 'A gateway makes its events under a development key. They are refused, and its customers are not watched.',
      runbook: 'alarm-development-key',
    },
    {
      ...fine,
      id: 'telemetry-blind',
      metric: own('score', 'GatewaysBlind', 'Maximum'),
      threshold: 1,
      periodMinutes: 5,
      periods: 3,
      severity: 'page',
      why: 'Telemetry of a gateway has had no prompts, one prompt for all, no origins, no token counts or times that are refused for 15 minutes: whoever extracts through it looks harmless.',
      runbook: 'alarm-telemetry-blind',
    },
    {
      ...fine,
      id: 'unreadable',
      metric: own('score', 'ItemsUnreadable', 'Sum'),
      threshold: 1,
      periodMinutes: 5,
      periods: 1,
      severity: 'page',
      why: 'A stored item of an account cannot be read: damaged, or of a newer version. Its events are quarantined, and it is not watched.',
      runbook: 'alarm-unreadable',
    },
    {
      ...fine,
      id: 'replayed',
      metric: own('score', 'ReplayedPercent', 'Average'),
      threshold: 20,
      periodMinutes: 5,
      periods: 3,
      severity: 'ticket',
      why: 'A fifth or more of the events of 15 minutes had been applied before: batches fail late again and again, or accounts come under two partition keys.',
      runbook: 'alarm-replayed',
    },
  );
  for (const mapping of MAPPINGS) {
    alarms.push({
      ...fine,
      id: `dead-letters-${mapping}`,
      metric: {
        namespace: 'AWS/Lambda',
        name: 'OnFailureDestinationDeliveredEventCount',
        statistic: 'Sum',
        subject: { mapping },
      },
      threshold: 1,
      periodMinutes: 5,
      periods: 1,
      // a request for a run of link that is lost is made again: it is in the queue, and no payload with it
      severity: mapping === 'linkAsked' ? 'ticket' : 'page',
      why:
        mapping === 'linkAsked'
          ? 'A run of link that was asked for failed twice, and is in the queue of dead letters: campaigns are found by the schedule only.'
          : 'Lambda gave up on records and moved them to the quarantine bucket: they are not scored, delivered or indexed until they are redriven.',
      runbook: 'alarm-dead-letters',
    });
  }
  for (const fn of CONSUMERS.filter((consumer) => consumer !== 'link')) {
    alarms.push({
      ...fine,
      id: `lost-records-${fn}`,
      metric: lambda(fn, 'DestinationDeliveryFailures', 'Sum'),
      threshold: 1,
      periodMinutes: 5,
      periods: 1,
      severity: 'page',
      why: `Lambda gave up on records of ${fn} and could not even put them into the quarantine bucket: rebuild from the archive.`,
      runbook: 'alarm-dead-letters',
    });
  }
  for (const schedule of schedules) {
    alarms.push({
      ...fine,
      id: `schedule-${schedule}`,
      metric: {
        namespace: 'AWS/Events',
        name: 'FailedInvocations',
        statistic: 'Sum',
        subject: { schedule },
      },
      threshold: 1,
      periodMinutes: 15,
      periods: 1,
      severity: 'ticket',
      why: `The schedule of ${schedule} could not invoke it.`,
      runbook: 'alarm-dead-letters',
    });
  }
  alarms.push(
    {
      ...fine,
      id: 'dead-letters-queue',
      metric: {
        namespace: 'AWS/SQS',
        name: 'ApproximateNumberOfMessagesVisible',
        statistic: 'Maximum',
        subject: { queue: 'deadLetters' },
      },
      threshold: 1,
      periodMinutes: 5,
      periods: 1,
      severity: 'ticket',
      why: 'A scheduled run failed three times, or a schedule could not invoke its function.',
      runbook: 'alarm-dead-letters',
    },
    {
      ...fine,
      missing: 'as-before',
      id: 'undelivered',
      metric: own('sweep', 'UndeliveredSeconds', 'Maximum'),
      threshold: settings.undeliveredMinutes * 60,
      // A sweep that does not run reports nothing, which ends nothing: its silence is a fault of its own, see sweep-silent.
      periodMinutes: 5,
      periods: 1,
      severity: 'page',
      why: `A notice has been waiting for ${settings.undeliveredMinutes} minutes or more: the security team does not know of a finding.`,
      runbook: 'alarm-undelivered',
    },
    ...schedules.map((fn): AlarmDeclaration => {
      const hours = silentAfterHours(fn, settings);
      return {
        id: `${fn}-silent`,
        metric: lambda(fn, 'Invocations', 'Sum'),
        when: 'below',
        threshold: 1,
        periodMinutes: 60,
        periods: hours,
        missing: 'breaching',
        severity: fn === 'sweep' ? 'page' : 'ticket',
        why: `${fn} has not run for ${hours} hours: ${SILENCE[fn]}`,
        runbook: 'alarm-silent',
      };
    }),
    ...(['notify', 'sweep'] as const).map(
      (fn): AlarmDeclaration => ({
        ...fine,
        id: `notify-failures-${fn}`,
        metric: own(fn, 'NotificationFailures', 'Sum'),
        threshold: 1,
        periodMinutes: 5,
        periods: 3,
        severity: 'page',
        why: `${fn} cannot publish notices; they stay in their items and are tried again.`,
        runbook: 'alarm-notify-failures',
      }),
    ),
    ...(['findings', 'operations'] as const).map(
      (topic): AlarmDeclaration => ({
        ...fine,
        id: `topic-${topic}`,
        metric: {
          namespace: 'AWS/SNS',
          name: 'NumberOfNotificationsFailed',
          statistic: 'Sum',
          subject: { topic },
        },
        threshold: 1,
        periodMinutes: 5,
        periods: 1,
        severity: 'ticket',
        why: `SNS could not deliver to a subscriber of the ${topic} topic.`,
        runbook: 'alarm-notify-failures',
      }),
    ),
    ...POLICY_READERS.flatMap((fn): AlarmDeclaration[] => {
      // `score` is the one whose alarm takes a policy back
      const suffix = fn === 'score' ? '' : `-${fn}`;
      return [
        {
          ...fine,
          metric: own(fn, 'PolicyRejected', 'Sum'),
          threshold: 1,
          ...(fn === 'score' ? rollback.rejected : { periodMinutes: 5, periods: 1 }),
          id: `policy-rejected${suffix}`,
          severity: 'ticket',
          why: `${fn} cannot use the policy that is deployed, or the calibration that it names: the last good pair stays active.`,
          runbook: 'alarm-policy',
        },
        {
          ...fine,
          id: `policy-unreachable${suffix}`,
          metric: own(fn, 'PolicyUnreachable', 'Sum'),
          threshold: 1,
          periodMinutes: 5,
          // the scheduled ones read it once a run
          periods: fn === 'score' ? 3 : 1,
          severity: 'ticket',
          why: `AppConfig, or the bucket of calibrations, does not answer ${fn}: it goes on under the last pair that it read, new instances fail and are tried again.`,
          runbook: 'alarm-policy',
        },
      ];
    }),
    {
      ...fine,
      ...rollback.failures,
      metric: lambda('score', 'Errors', 'Sum'),
      threshold: 1,
      severity: 'ticket',
      why: '`score` fails again and again. AppConfig watches this while a policy bakes, and takes the policy back; at any other time see failures-score.',
      runbook: 'alarm-policy',
    },
    {
      ...fine,
      id: 'policy-shadow',
      metric: own('score', 'ShadowUnusable', 'Sum'),
      threshold: 1,
      periodMinutes: 5,
      periods: 3,
      severity: 'ticket',
      why: 'The candidate policy has not been evaluated for 15 minutes: its calibration is missing or damaged, or it cannot be read. The active policy is not affected.',
      runbook: 'alarm-policy',
    },
    {
      ...fine,
      id: 'calibration-age',
      metric: own('score', 'CalibrationAgeHours', 'Maximum'),
      threshold: settings.calibrationAgeHours,
      periodMinutes: 60,
      periods: 1,
      severity: 'ticket',
      why: `The calibration that the active policy names is ${settings.calibrationAgeHours} hours old or more: peer groups drift away from it. A newer one is put into force with a policy that names it.`,
      runbook: 'alarm-calibration-age',
    },
    {
      ...fine,
      id: 'calibration-format',
      metric: own('score', 'CalibrationUnreadable', 'Sum'),
      threshold: 1,
      periodMinutes: 5,
      periods: 1,
      severity: 'page',
      why: 'The calibration in force was learnt by another version, in a format that this one does not read: events are kept, open findings stay, and nobody is judged.',
      runbook: 'alarm-calibration-format',
    },
    {
      ...fine,
      // compared once a day, and as it was said until it is compared again
      missing: 'as-before',
      id: 'calibration-drift',
      metric: own('calibrate', 'CalibrationDrift', 'Maximum'),
      threshold: 1,
      periodMinutes: 60,
      periods: 1,
      severity: 'ticket',
      why: 'The accounts of today are not like those that the active calibration was learnt from: its chances are not theirs. The log of calibrate says which fact moved in which peer group.',
      runbook: 'alarm-calibration-drift',
    },
    {
      ...fine,
      id: 'log-volume',
      metric: {
        namespace: 'AWS/Logs',
        name: 'IncomingBytes',
        statistic: 'Sum',
        subject: { logs: true },
      },
      threshold: settings.logBudgetMbPerDay * 1_000_000,
      periodMinutes: 1440,
      periods: 1,
      severity: 'ticket',
      why: `The functions logged ${settings.logBudgetMbPerDay} MB or more within a day, which is the budget.`,
      runbook: 'alarm-log-volume',
    },
  );
  for (const [machine, { isThere, why }] of Object.entries(MACHINES))
    for (const [ending, name] of RUN_ENDINGS)
      if (isThere(settings))
        alarms.push({
          ...fine,
          id: `${machine}-run${ending}`,
          // the keys of MACHINES
          metric: {
            namespace: 'AWS/States',
            name,
            statistic: 'Sum',
            subject: { machine: machine as MachineName },
          },
          threshold: 1,
          periodMinutes: 60,
          periods: 1,
          severity: 'ticket',
          why,
          runbook: `alarm-${machine}-run`,
        });
  if (settings.hunts) {
    alarms.push(
      {
        ...fine,
        id: 'hunts-behind',
        metric: own('compact', 'HuntGroupsWaiting', 'Minimum'),
        threshold: 1,
        periodMinutes: 60,
        periods: 24,
        severity: 'ticket',
        why: 'For a day no run of compact came to its end: closed days of the archive wait, and hunts do not see them.',
        runbook: 'alarm-hunts',
      },
      {
        ...fine,
        missing: 'as-before',
        id: 'archive-damaged',
        metric: own('compact', 'ArchiveDamaged', 'Maximum'),
        threshold: 1,
        periodMinutes: 60,
        periods: 1,
        severity: 'ticket',
        why: 'An object of the archive is damaged, or holds lines that are no events to this version: they are missing in hunts, dossiers and rebuilds. The log of compact names day and group.',
        runbook: 'alarm-hunts',
      },
    );
  }
  if (settings.securityHub) {
    alarms.push({
      ...fine,
      id: 'security-hub',
      metric: own('sweep', 'ImportFailures', 'Sum'),
      threshold: 1,
      // A sweep that was throttled tries again at the next one.
      periodMinutes: 5,
      periods: 3,
      severity: 'ticket',
      why: 'Security Hub does not take findings; all other channels have them, and they are tried again at every sweep.',
      runbook: 'alarm-security-hub',
    });
  }
  if (settings.noTrafficMinutes > 0) {
    alarms.push({
      id: 'no-traffic',
      metric: {
        namespace: 'AWS/Kinesis',
        name: 'IncomingRecords',
        statistic: 'Sum',
        subject: { stream: true },
      },
      when: 'below',
      threshold: 1,
      periodMinutes: 5,
      periods: settings.noTrafficMinutes / 5,
      missing: 'breaching',
      severity: 'page',
      why: `No record has reached the stream for ${settings.noTrafficMinutes} minutes: no account is watched. Expected until the first gateway is connected.`,
      runbook: 'alarm-no-traffic',
    });
  }
  return alarms;
}
