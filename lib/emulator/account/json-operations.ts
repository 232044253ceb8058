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
          .map(({ name, description, state, actionsEnabled }) => ({
            AlarmName: name,
            AlarmDescription: description,
            StateValue: state,
            ActionsEnabled: actionsEnabled,
            StateUpdatedTimestamp: 1_790_000_000,
          })),
      };
    case 'GetMetricStatistics':
      return {
        Label: text(input.MetricName),
        Datapoints:
          input.MetricName === 'IncomingRecords' && account.traffic !== undefined
            ? [{ Timestamp: 1_790_000_000, Sum: account.traffic, Unit: 'Count' }]
            : [],
      };
    default:
      return undefined;
  }
}

/** servicequotas/2019-06-24/apireference: the one quota that a deployment meets first. */
export function serviceQuotas(operation: string, input: Input, { quotas }: AccountState): object | undefined {
  if (input.QuotaCode !== 'L-B99A9384') return undefined;
  const quota = { ServiceCode: 'lambda', QuotaCode: input.QuotaCode, QuotaName: 'Concurrent executions' };
  if (operation === 'GetServiceQuota') return { Quota: { ...quota, Value: quotas.concurrency } };
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
