import { GATEWAY_DIMENSION, metricsNamespace } from '../../contract/metrics.ts';
import type { AccountState } from './account-state.ts';

/** Operations of services that speak JSON, by their target. `undefined`: there is none of that name here. */
export type Input = Readonly<Record<string, unknown>>;

export interface LogSource {
  /** lines that functions logged, oldest first, by the function's name */
  lines(): readonly { readonly functionName: string; readonly text: string }[];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);

/** AmazonCloudWatch/latest/APIReference: alarms, and sums of what came in. */
export function cloudWatch(operation: string, input: Input, account: AccountState): object | undefined {
  switch (operation) {
    case 'DescribeAlarms':
      return {
        MetricAlarms: account.alarms
          .filter(({ name }) => name.startsWith(text(input.AlarmNamePrefix)))
          .filter(({ name }) => list(input.AlarmNames).length === 0 || list(input.AlarmNames).includes(name))
          .filter(({ state }) => input.StateValue === undefined || state === input.StateValue)
          .map(({ name, description, state, actionsEnabled, threshold }) => ({
            AlarmName: name,
            AlarmDescription: description,
            StateValue: state,
            ActionsEnabled: actionsEnabled,
            Threshold: threshold,
            StateUpdatedTimestamp: 1_790_000_000,
          })),
      };
    case 'ListMetrics':
      return {
        Metrics:
          input.MetricName === 'GatewayEvents' && input.Namespace === metricsNamespace(account.stack.name)
            ? [...account.metrics.gateways.keys()].map((name) => ({
                Namespace: input.Namespace,
                MetricName: input.MetricName,
                Dimensions: [
                  { Name: GATEWAY_DIMENSION, Value: name },
                  { Name: 'service', Value: 'score' },
                ],
              }))
            : [],
      };
    case 'GetMetricStatistics':
      return { Label: text(input.MetricName), Datapoints: dataPoints(input, account) };
    default:
      return undefined;
  }
}

/**
 * Only of the namespace and of all the dimensions that a metric is published with: of others there are no data points
 * (AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html).
 */
function dataPoints(input: Input, { stack, traffic, metrics }: AccountState): readonly object[] {
  const point = (value: object): readonly object[] => [{ Timestamp: 1_790_000_000, Unit: 'Count', ...value }];
  const dimensions = new Map(
    ((input.Dimensions ?? []) as readonly { readonly Name: string; readonly Value: string }[]).map(
      ({ Name, Value }) => [Name, Value] as const,
    ),
  );
  const published: Readonly<Record<string, readonly string[]>> = {
    IncomingRecords: ['AWS/Kinesis', 'StreamName'],
    IteratorAge: ['AWS/Lambda', 'FunctionName'],
    ConsumedWriteCapacityUnits: ['AWS/DynamoDB', 'TableName'],
    GatewayEvents: [metricsNamespace(stack.name), GATEWAY_DIMENSION, 'service'],
  };
  const asked = [text(input.Namespace), ...[...dimensions.keys()].sort()];
  if (published[text(input.MetricName)]?.join() !== asked.join()) return [];
  switch (input.MetricName) {
    case 'IncomingRecords':
      return traffic === undefined ? [] : point({ Sum: traffic });
    case 'IteratorAge':
      return point({ Maximum: metrics.lagMs });
    case 'ConsumedWriteCapacityUnits':
      return point({ Sum: metrics.tableUnitsPerMinute });
    case 'GatewayEvents': {
      const gateway = metrics.gateways.get(dimensions.get(GATEWAY_DIMENSION) ?? '');
      const hours = (Number(input.EndTime) - Number(input.StartTime)) / 3600;
      return point({ Sum: (hours > 1 ? gateway?.lastDay : gateway?.lastHour) ?? 0 });
    }
    default:
      return [];
  }
}

/** servicequotas/2019-06-24/apireference: the quotas that a deployment meets first. */
export function serviceQuotas(operation: string, input: Input, { quotas }: AccountState): object | undefined {
  const known = {
    'L-B99A9384': { of: 'lambda', QuotaName: 'Concurrent executions', Value: quotas.concurrency },
    'L-AB614373': {
      of: 'dynamodb',
      QuotaName: 'Table-level write throughput limit',
      Value: quotas.tableWriteUnits,
    },
  };
  const found = Object.entries(known).find(
    ([code, { of }]) => code === input.QuotaCode && of === input.ServiceCode,
  );
  if (found === undefined) return undefined;
  const [QuotaCode, { of: ServiceCode, QuotaName, Value }] = found;
  const quota = { ServiceCode, QuotaCode, QuotaName };
  if (operation === 'GetServiceQuota') return { Quota: { ...quota, Value } };
  if (operation === 'RequestServiceQuotaIncrease')
    return { RequestedQuota: { ...quota, DesiredValue: input.DesiredValue, Status: 'PENDING' } };
  return undefined;
}

/** eventbridge/latest/APIReference: rules, which are enabled or not. */
export function eventRules(operation: string, input: Input, { rules }: AccountState): object | undefined {
  const name = text(input.Name);
  if (!rules.has(name)) return undefined;
  if (operation === 'DescribeRule')
    return { Name: name, State: rules.get(name) === true ? 'ENABLED' : 'DISABLED' };
  if (operation !== 'EnableRule' && operation !== 'DisableRule') return undefined;
  rules.set(name, operation === 'EnableRule');
  return {};
}

/** AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html, without what a pattern leaves out. */
export function logs(
  operation: string,
  input: Input,
  account: AccountState,
  source: LogSource,
): object | undefined {
  if (operation !== 'FilterLogEvents') return undefined;
  const group = account.resources.find(
    ({ type, name }) => type === 'AWS::Logs::LogGroup' && name === input.logGroupName,
  );
  if (group === undefined) return undefined;
  // the function's own name differs from its group's by the construct: PipelineScoreLogs..., PipelineScoreFunction...
  const owner = group.logicalId.replace(/Logs[0-9A-F]{8}$/, 'Function');
  return {
    events: source
      .lines()
      .filter(({ functionName }) => functionName.includes(owner))
      .map(({ text: message }) => ({ message, timestamp: 1_790_000_000_000 })),
  };
}

/** kms/latest/APIReference/API_DescribeKey.html */
export function keys(operation: string, input: Input, { key }: AccountState): object | undefined {
  return operation === 'DescribeKey'
    ? { KeyMetadata: { KeyId: text(input.KeyId), KeyState: key.state, Enabled: key.state === 'Enabled' } }
    : undefined;
}
