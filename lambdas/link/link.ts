import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { ComparisonItem } from '../../lib/aws/comparison-item.ts';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { MembershipItems } from '../../lib/aws/membership-items.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { RunRequests } from '../../lib/aws/run-requests.ts';
import { SampledPrompts } from '../../lib/aws/sampled-prompts.ts';
import { type LinkPorts, type LinkReport, linkRun } from '../../lib/campaigns/stored-run.ts';
import type { EnvironmentOf } from '../../lib/contract/environment.ts';
import type { MetricName } from '../../lib/contract/metrics.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import type { PolicySource } from '../../lib/stores/policy-port.ts';
import { rulesSource } from '../../lib/stores/rules-source.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { policyProblems } from '../policy-problems.ts';

/** What one environment of the function works with. */
export interface LinkFunctionPorts {
  readonly environment: EnvironmentOf<'link'>;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly policies: PolicySource;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Links, and judges campaigns, on a schedule and where `index` asks for it. Wiring only: see lib/campaigns/stored-run.ts. */
export class LinkFunction {
  readonly #ports: LinkFunctionPorts;
  readonly #prompts: SampledPrompts;
  readonly #requests: RunRequests;
  readonly #rulesOf: ReturnType<typeof rulesSource>;

  constructor(ports: LinkFunctionPorts) {
    const { environment, dynamodb, s3, policies, logger, metrics } = ports;
    this.#ports = ports;
    this.#prompts = new SampledPrompts(dynamodb, environment.PROFILE_TABLE);
    this.#requests = new RunRequests(dynamodb, environment.CAMPAIGN_TABLE, {
      minutes: Number(environment.LINK_PRESSURE_MINUTES),
    });
    this.#rulesOf = rulesSource(
      policies,
      new CalibrationBucket(s3, environment.STATE_BUCKET),
      policyProblems(logger, metrics),
      environment.FOREIGN_CALIBRATION,
    );
  }

  /** @param remaining milliseconds that are left for this run */
  async handle(remaining: () => number): Promise<Omit<LinkReport, 'notices'> | undefined> {
    try {
      return await this.#link(remaining);
    } finally {
      this.#ports.metrics.publishStoredMetrics();
    }
  }

  async #link(remaining: () => number): Promise<Omit<LinkReport, 'notices'> | undefined> {
    const { logger, metrics } = this.#ports;
    const rules = await this.#rulesOf.inForce(CODE_VERSION);
    const { policy, calibration } = rules;
    logger.appendKeys({ policy: policy.id, calibration: calibration.id, code: CODE_VERSION });
    if (!policy.campaigns.enabled) return undefined;
    await this.#requests.begin(Date.now());
    if (calibration.groups === undefined)
      logger.warn('the calibration knows no benign groups: campaigns are linked, none is judged', {
        calibration: calibration.id,
      });
    const { notices, ...report } = await linkRun(this.#stored(rules, remaining), rules);
    logger.info('linked', { ...report, notices: notices.length });
    for (const notice of notices)
      logger.info('transition', {
        finding: notice.finding,
        transition: notice.transition,
        level: notice.level,
        versions: notice.versions,
      });
    metrics.addMetric('CampaignsScored' satisfies MetricName, MetricUnit.Count, report.judged);
    return report;
  }

  #stored({ policy: { retentionDays } }: Rules, remaining: () => number): LinkPorts {
    const { environment, dynamodb, logger } = this.#ports;
    const onUnreadable = (key: string, ...rest: unknown[]): void =>
      logger.error('a stored item cannot be read and is passed over', { key, error: rest.at(-1) as Error });
    const campaigns = new CampaignTable(dynamodb, environment.CAMPAIGN_TABLE, { onUnreadable });
    return {
      clock: this.#requests,
      turn: this.#requests.turn(Date.now(), remaining()),
      links: new LinkTable(dynamodb, environment.LINK_TABLE, {
        retentionDays,
        samplesOf: (accounts, earlier) => this.#prompts.samplesOf(accounts, earlier),
        onUnreadable,
      }),
      comparisons: new ComparisonItem(dynamodb, environment.CAMPAIGN_TABLE),
      campaigns,
      accusations: new MembershipItems(dynamodb, environment.CAMPAIGN_TABLE, campaigns),
      profiles: new ProfileTable(dynamodb, environment.PROFILE_TABLE, { retentionDays }),
      remaining,
    };
  }
}
