import {
  type CloudWatchClient,
  GetMetricStatisticsCommand,
  paginateListMetrics,
} from '@aws-sdk/client-cloudwatch';
import { GetServiceQuotaCommand, type ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GATEWAY_DIMENSION, type MetricName, MOST_GATEWAYS, metricsNamespace } from '../contract/metrics.ts';
import type { GatewayFact, LagFact, TableUseFact } from '../doctor/facts.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts';

/** Write units a second of a table that is on demand, or of one that is provisioned and each of its indexes: docs/aws-behaviour.md. */
const TABLE_WRITE_QUOTA = 'L-AB614373';

/** What the metrics and quotas of an account say of a deployment. */
export class DeploymentMetrics {
  readonly #cloudWatch: CloudWatchClient;
  readonly #quotas: ServiceQuotasClient;
  /** ms */
  readonly #now: number;

  constructor(cloudWatch: CloudWatchClient, quotas: ServiceQuotasClient, now: number) {
    this.#cloudWatch = cloudWatch;
    this.#quotas = quotas;
    this.#now = now;
  }

  async recordsLastHour(stream: string): Promise<number> {
    return sum(
      await this.#values(
        'AWS/Kinesis',
        'IncomingRecords',
        { StreamName: stream },
        { statistic: 'Sum', last: HOUR_MS },
      ),
    );
  }

  /** How far each function is behind its stream. */
  async lag(functions: readonly string[]): Promise<LagFact[]> {
    const found: LagFact[] = [];
    for (const name of functions) {
      const ages = await this.#values(
        'AWS/Lambda',
        'IteratorAge',
        { FunctionName: name },
        { statistic: 'Maximum', last: 15 * MINUTE_MS },
      );
      found.push({ name, minutes: Math.max(0, ...ages) / MINUTE_MS });
    }
    return found;
  }

  /** Gateways that sent something within a day, and what they sent within the last hour. */
  async gateways(stackName: string): Promise<GatewayFact[]> {
    const Namespace = metricsNamespace(stackName);
    const MetricName = 'GatewayEvents' satisfies MetricName;
    const names = new Set<string>();
    const pages = paginateListMetrics({ client: this.#cloudWatch }, { Namespace, MetricName });
    for await (const { Metrics = [] } of pages)
      for (const { Dimensions = [] } of Metrics)
        for (const { Name, Value } of Dimensions)
          if (Name === GATEWAY_DIMENSION && Value !== undefined && names.size < MOST_GATEWAYS)
            names.add(Value);
    const found: GatewayFact[] = [];
    for (const name of names) {
      const of = { service: 'score', [GATEWAY_DIMENSION]: name };
      const events = async (last: number): Promise<number> =>
        sum(await this.#values(Namespace, MetricName, of, { statistic: 'Sum', last }));
      found.push({ name, lastHour: await events(HOUR_MS), lastDay: await events(DAY_MS) });
    }
    return found.filter(({ lastDay }) => lastDay > 0).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Write units a second of each table in the busiest minute of the last hour, beside the account's quota of a table. */
  async tableUse(tables: readonly string[]): Promise<TableUseFact[]> {
    const { Quota } = await this.#quotas.send(
      new GetServiceQuotaCommand({ ServiceCode: 'dynamodb', QuotaCode: TABLE_WRITE_QUOTA }),
    );
    const quota = Quota?.Value;
    if (quota === undefined) return [];
    const found: TableUseFact[] = [];
    for (const name of tables) {
      const minutes = await this.#values(
        'AWS/DynamoDB',
        'ConsumedWriteCapacityUnits',
        { TableName: name },
        { statistic: 'Sum', last: HOUR_MS, period: 60 },
      );
      found.push({ name, unitsPerSecond: Math.max(0, ...minutes) / 60, quota });
    }
    return found;
  }

  async #values(
    Namespace: string,
    MetricName: string,
    dimensions: Readonly<Record<string, string>>,
    { statistic, last, period = 300 }: { statistic: 'Sum' | 'Maximum'; last: number; period?: number },
  ): Promise<number[]> {
    const { Datapoints = [] } = await this.#cloudWatch.send(
      new GetMetricStatisticsCommand({
        Namespace,
        MetricName,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        Statistics: [statistic],
        Period: period,
        StartTime: new Date(this.#now - last),
        EndTime: new Date(this.#now),
      }),
    );
    return Datapoints.map((point) => point[statistic] ?? 0);
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
