import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MetricName } from '../../lib/contract/metrics.ts';
import type { Report } from './deliver.ts';

/** Under a replay's clock notices wait since last March: that is no delay, ms. */
const REPLAYED = 24 * 3_600_000;

/** Counts of one invocation, emitted at its end, and a log line for each thing that happened. */
export class Tally {
  readonly #counts = new Map<MetricName, number>();
  readonly #logger: Logger;
  readonly #metrics: Metrics;

  constructor(logger: Logger, metrics: Metrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  add(line: Report): void {
    switch (line.what) {
      case 'settled': {
        const { notice, fate, waited } = line;
        if (fate === 'told') this.#count('NotificationsSent');
        if (notice.transition === 'opened' && !notice.shadow) this.#count('FindingsOpened');
        if (fate === 'told' && waited !== undefined && waited < REPLAYED)
          this.#metrics.addMetric(
            'EventToNotificationMs' satisfies MetricName,
            MetricUnit.Milliseconds,
            Math.max(0, waited),
          );
        this.#logger.info('notice settled', {
          finding: notice.finding,
          number: notice.number,
          transition: notice.transition,
          level: notice.level,
          fate,
          waited,
        });
        return;
      }
      case 'bulletin':
        this.#count('NotificationsSent');
        this.#logger.info('bulletin told', { deliveryId: line.deliveryId, total: line.total });
        return;
      case 'imported':
        this.#count('FindingsImported', line.findings);
        return;
      case 'refused':
        this.#count('ImportFailures');
        this.#logger.error('Security Hub refused a finding, which stays due', {
          finding: line.finding,
          why: line.why,
        });
        return;
      case 'import-failed':
        this.#count('ImportFailures', line.findings);
        this.#logger.error('findings could not be imported into Security Hub and stay due', {
          findings: line.findings,
          error: line.error as Error,
        });
        return;
      case 'unreadable':
        this.#count('NotificationFailures');
        this.#logger.error('a notice cannot be read and stays', {
          table: line.outbox,
          key: line.key,
          why: line.why,
        });
        return;
      case 'failed':
        this.#count('NotificationFailures');
        this.#logger.error('a delivery failed and stays due', {
          table: line.outbox,
          key: line.key,
          error: line.error as Error,
        });
        return;
    }
  }

  emit(): void {
    for (const [name, count] of this.#counts) this.#metrics.addMetric(name, MetricUnit.Count, count);
    this.#metrics.publishStoredMetrics();
  }

  #count(name: MetricName, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }
}
