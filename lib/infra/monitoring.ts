import { Aws, Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IRule } from 'aws-cdk-lib/aws-events';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  FUNCTION_NAMES,
  type FunctionName,
  OPTIONAL_FUNCTIONS,
  type OptionalFunction,
} from '../contract/environment.ts';
import { type MetricName, metricsNamespace } from '../contract/metrics.ts';
import { TABLES, type TableDeclaration, type TableName } from '../contract/tables.ts';
import {
  type AlarmDeclaration,
  type AlarmMetric,
  alarmsFor,
  type MachineName,
  type Subject,
} from './alarms.ts';
import type { Worker } from './functions.ts';
import type { Resources } from './permissions.ts';
import type { Pipeline, ScheduleName } from './pipeline.ts';
import type { Settings } from './settings.ts';

export interface MonitoringProps {
  readonly resources: Resources;
  readonly pipeline: Pipeline;
  /** functions that settings ask for */
  readonly optional: Readonly<Partial<Record<OptionalFunction, Worker>>>;
  /** the schedule of compact, where there is one */
  readonly compactSchedule: IRule | undefined;
  /** state machines that settings ask for */
  readonly machines: Readonly<Record<MachineName, CfnStateMachine | undefined>>;
  readonly settings: Settings;
}

const MISSING = {
  fine: TreatMissingData.NOT_BREACHING,
  breaching: TreatMissingData.BREACHING,
  'as-before': TreatMissingData.IGNORE,
} as const;

/** The alarms of `alarms.ts`, each telling the operations topic, and one dashboard. */
export class Monitoring extends Construct {
  readonly alarms: readonly Alarm[];
  readonly dashboard: Dashboard;
  readonly #props: MonitoringProps;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    this.#props = props;
    const action = new SnsAction(props.resources.notification.operations);
    this.alarms = alarmsFor(props.settings).map((declared) => {
      const alarm = this.#alarm(declared);
      alarm.addAlarmAction(action);
      // A new alarm says OK once: that of a page only, or a first deployment sends some fifty mails.
      if (declared.severity === 'page') alarm.addOkAction(action);
      return alarm;
    });
    this.dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: `${props.settings.stackName}-${Aws.REGION}`,
      defaultInterval: Duration.days(1),
      widgets: this.#widgets(),
    });
  }

  #alarm(declared: AlarmDeclaration): Alarm {
    const { runbookBaseUrl, stackName } = this.#props.settings;
    return new Alarm(this, declared.id, {
      alarmName: `${stackName}-${declared.id}`,
      alarmDescription: `[${declared.severity}] ${declared.why} Runbook: ${runbookBaseUrl}#${declared.runbook}`,
      metric: this.#metric(declared.metric, declared.periodMinutes),
      threshold: declared.threshold,
      comparisonOperator:
        declared.when === 'below'
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: declared.periods,
      datapointsToAlarm: declared.bad ?? declared.periods,
      treatMissingData: MISSING[declared.missing],
    });
  }

  #metric(metric: AlarmMetric, periodMinutes: number): IMetric {
    const period = Duration.minutes(periodMinutes);
    const { namespace, name, statistic, subject } = metric;
    const plain = (dimensionsMap: Record<string, string>, label?: string): Metric =>
      new Metric({
        namespace,
        metricName: name,
        statistic,
        period,
        dimensionsMap,
        ...(label ? { label } : {}),
      });
    if ('throttlesOf' in subject) return this.#throttles(subject.throttlesOf, period);
    if (!('logs' in subject)) return plain(this.#dimensions(subject));
    const usingMetrics = Object.fromEntries(
      this.#names.map((fn) => [fn, plain({ LogGroupName: this.#worker(fn).logGroup.logGroupName }, fn)]),
    );
    // A function that logged nothing has no data point; FILL lets the others count.
    const expression = this.#names.map((fn) => `FILL(${fn},0)`).join('+');
    return new MathExpression({ expression, usingMetrics, period, label: 'log bytes of all functions' });
  }

  /** An index has metrics of its own, and a full one holds back the writes of its table. */
  #throttles(table: TableName, period: Duration): IMetric {
    const { index }: TableDeclaration = TABLES[table];
    const TableName = this.#props.resources.tables[table].tableName;
    const places: Record<string, Record<string, string>> = {
      table: { TableName },
      ...(index === undefined ? {} : { index: { TableName, GlobalSecondaryIndexName: index } }),
    };
    const usingMetrics = Object.fromEntries(
      Object.entries(places).flatMap(([place, dimensionsMap]) =>
        ['Read', 'Write'].map((kind) => [
          `${place}${kind}s`,
          new Metric({
            namespace: 'AWS/DynamoDB',
            metricName: `${kind}ThrottleEvents`,
            statistic: 'Sum',
            period,
            dimensionsMap,
          }),
        ]),
      ),
    );
    const expression = Object.keys(usingMetrics)
      .map((name) => `FILL(${name},0)`)
      .join('+');
    return new MathExpression({ expression, usingMetrics, period, label: `refused by the ${table} table` });
  }

  get #names(): readonly FunctionName[] {
    return [
      ...FUNCTION_NAMES,
      ...OPTIONAL_FUNCTIONS.filter((name) => this.#props.optional[name] !== undefined),
    ];
  }

  #worker(name: FunctionName): Worker {
    const { pipeline, optional } = this.#props;
    if (name !== 'triage' && name !== 'compact' && name !== 'backtest') return pipeline.workers[name];
    const worker = optional[name];
    if (worker === undefined) throw new Error(`${name} is not deployed: no setting asks for it`);
    return worker;
  }

  /** The dimensions under which AWS, or the function itself, reports on the subject. */
  #dimensions(
    subject: Exclude<Subject, { logs: true } | { throttlesOf: TableName }>,
  ): Record<string, string> {
    const { resources, pipeline } = this.#props;
    if ('fn' in subject) return { FunctionName: this.#worker(subject.fn).fn.functionName };
    if ('service' in subject) return { service: subject.service };
    if ('mapping' in subject) {
      return { EventSourceMappingUUID: pipeline.mappings[subject.mapping].eventSourceMappingId };
    }
    if ('schedule' in subject) return { RuleName: this.#rule(subject.schedule).ruleName };
    if ('machine' in subject)
      return { StateMachineArn: this.#props.machines[subject.machine]?.attrArn ?? '' };
    if ('stream' in subject) return { StreamName: resources.ingest.stream.streamName };
    if ('topic' in subject) return { TopicName: resources.notification[subject.topic].topicName };
    return { QueueName: resources.notification.deadLetters.queueName };
  }

  #rule(name: ScheduleName): IRule {
    const { pipeline, compactSchedule } = this.#props;
    if (name !== 'compact') return pipeline.schedules[name];
    if (compactSchedule === undefined) throw new Error('compact has no schedule: no setting asks for it');
    return compactSchedule;
  }

  /** A metric that a function emits itself, in steps of five minutes. */
  #own(service: FunctionName, name: MetricName, statistic: AlarmMetric['statistic'] = 'Sum'): IMetric {
    const namespace = metricsNamespace(this.#props.settings.stackName);
    return this.#metric({ namespace, name, statistic, subject: { service } }, 5);
  }

  #widgets() {
    const own = this.#own.bind(this);
    const lambda = (fn: FunctionName, name: string, statistic: AlarmMetric['statistic']) =>
      this.#metric({ namespace: 'AWS/Lambda', name, statistic, subject: { fn } }, 5);
    const graph = (title: string, left: readonly IMetric[], leftLabel: string) =>
      new GraphWidget({
        title,
        left: [...left],
        leftYAxis: { label: leftLabel, showUnits: false, min: 0 },
        width: 8,
        height: 6,
      });
    const stream = (name: string) =>
      this.#metric({ namespace: 'AWS/Kinesis', name, statistic: 'Sum', subject: { stream: true } }, 5);
    const consumers: readonly FunctionName[] = ['score', 'notify', 'index'];
    return [
      [
        new TextWidget({
          width: 24,
          height: 2,
          markdown: `# Siphonwatch\nEvents in, findings out. Runbooks: ${this.#props.settings.runbookBaseUrl}`,
        }),
      ],
      [
        graph(
          'Events',
          [
            own('score', 'EventsRead'),
            own('score', 'EventsUsed'),
            own('score', 'EventsQuarantined'),
            own('score', 'EventsLate'),
            own('score', 'EventsRepeated'),
            own('score', 'GatewaysBlind', 'Maximum'),
          ],
          'per 5 minutes',
        ),
        graph(
          'Stream',
          [stream('IncomingRecords'), stream('WriteProvisionedThroughputExceeded')],
          'records per 5 minutes',
        ),
        graph(
          'Behind the stream',
          consumers.map((fn) => lambda(fn, 'IteratorAge', 'Maximum')),
          'milliseconds',
        ),
      ],
      [
        graph(
          'Findings and notifications',
          [
            own('notify', 'FindingsOpened'),
            own('sweep', 'FindingsOpened'),
            own('notify', 'NotificationsSent'),
            own('notify', 'NotificationFailures'),
          ],
          'per 5 minutes',
        ),
        graph(
          'From event to notification',
          [own('notify', 'EventToNotificationMs', 'Average')],
          'milliseconds',
        ),
        graph('Oldest undelivered notice', [own('sweep', 'UndeliveredSeconds', 'Maximum')], 'seconds'),
      ],
      [
        graph(
          'Failures',
          this.#names.map((fn) => lambda(fn, 'Errors', 'Sum')),
          'per 5 minutes',
        ),
        graph(
          'Duration',
          this.#names.map((fn) => lambda(fn, 'Duration', 'Average')),
          'milliseconds',
        ),
        graph('Writes', [own('score', 'ProfilesWritten'), own('score', 'WriteUnits')], 'per 5 minutes'),
      ],
    ];
  }
}
