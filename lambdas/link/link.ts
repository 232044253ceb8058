import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { ComparisonItem } from '../../lib/aws/comparison-item.ts';
import type { Started } from '../../lib/aws/link-machine.ts';
import { LinkRuns } from '../../lib/aws/link-runs.ts';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { MembershipItems } from '../../lib/aws/membership-items.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { RunRequests } from '../../lib/aws/run-requests.ts';
import { SampledPrompts } from '../../lib/aws/sampled-prompts.ts';
import type { RunTurn } from '../../lib/campaigns/ports.ts';
import { type LinkPorts, type LinkReport, linkRun } from '../../lib/campaigns/stored-run.ts';
import type { EnvironmentOf } from '../../lib/contract/environment.ts';
import { LINK_RUN_SECONDS, type LinkStepInput, linkStepInput } from '../../lib/contract/link-steps.ts';
import type { MetricName } from '../../lib/contract/metrics.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import type { PolicySource } from '../../lib/stores/policy-port.ts';
import { rulesSource } from '../../lib/stores/rules-source.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { policyProblems } from '../policy-problems.ts';
import { LinkSteps } from './steps.ts';

/** What one environment of the function works with. */
export interface LinkFunctionPorts {
  readonly environment: EnvironmentOf<'link'>;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly policies: PolicySource;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** starts a run in shards; undefined where runs are not divided */
  readonly start: ((run: string) => Promise<Started>) | undefined;
}

type Report = Omit<LinkReport, 'notices'>;

/**
 * Links, and judges campaigns, on a schedule and where `index` asks for it. Where runs are divided it starts one instead, whose state machine
 * asks it for one step after the other. Wiring only: see lib/campaigns/stored-run.ts and lib/campaigns/divided-run.ts.
 */
export class LinkFunction {
  readonly #ports: LinkFunctionPorts;
  readonly #prompts: SampledPrompts;
  readonly #requests: RunRequests;
  readonly #runs: LinkRuns;
  readonly #rulesOf: ReturnType<typeof rulesSource>;

  constructor(ports: LinkFunctionPorts) {
    const { environment, dynamodb, s3, policies, logger, metrics } = ports;
    this.#ports = ports;
    this.#prompts = new SampledPrompts(dynamodb, environment.PROFILE_TABLE);
    this.#requests = new RunRequests(dynamodb, environment.CAMPAIGN_TABLE, {
      minutes: Number(environment.LINK_PRESSURE_MINUTES),
    });
    this.#runs = new LinkRuns(s3, environment.STATE_BUCKET);
    this.#rulesOf = rulesSource(
      policies,
      new CalibrationBucket(s3, environment.STATE_BUCKET),
      policyProblems(logger, metrics),
      environment.FOREIGN_CALIBRATION,
    );
  }

  /**
   * @param event what woke it: a step of a run in shards, or anything else
   * @param remaining milliseconds that are left for this run
   */
  async handle(event: unknown, remaining: () => number): Promise<unknown> {
    try {
      return isStep(event)
        ? await this.#step(linkStepInput.parse(event), remaining)
        : await this.#link(remaining);
    } finally {
      this.#ports.metrics.publishStoredMetrics();
    }
  }

  async #link(
    remaining: () => number,
  ): Promise<Report | { readonly run: string; readonly is: Started } | undefined> {
    const { start, logger } = this.#ports;
    const rules = await this.#rules();
    if (!rules.policy.campaigns.enabled) return undefined;
    if (start !== undefined) {
      // of calls within one minute one starts it
      const run = `link-${new Date().toISOString().slice(0, 16).replaceAll(':', '-')}`;
      const is = await start(run);
      logger.info(is === 'started' ? 'started' : 'a run is under way', { run });
      return { run, is };
    }
    const begun = Date.now();
    await this.#begin(rules);
    return this.#told(
      await linkRun(this.#stored(rules, remaining, this.#requests.turn(begun, remaining())), rules),
    );
  }

  async #step(input: LinkStepInput, remaining: () => number): Promise<unknown> {
    const steps = new LinkSteps({
      runs: this.#runs,
      stored: (rules, begun) =>
        this.#stored(rules, remaining, this.#requests.turn(begun, LINK_RUN_SECONDS * 1000)),
      begin: async () => {
        const rules = await this.#rules();
        await this.#begin(rules);
        return rules;
      },
      now: Date.now,
    });
    const answer = await steps.run(input);
    return 'notices' in answer ? this.#told(answer) : answer;
  }

  async #rules(): Promise<Rules> {
    const rules = await this.#rulesOf.inForce(CODE_VERSION);
    const { policy, calibration } = rules;
    this.#ports.logger.appendKeys({ policy: policy.id, calibration: calibration.id, code: CODE_VERSION });
    return rules;
  }

  /** What the run is about to read presses no longer. */
  async #begin({ calibration }: Rules): Promise<void> {
    await this.#requests.begin(Date.now());
    if (calibration.groups === undefined)
      this.#ports.logger.warn(
        'the calibration knows no benign groups: campaigns are linked, none is judged',
        {
          calibration: calibration.id,
        },
      );
  }

  #told({ notices, ...report }: LinkReport): Report {
    const { logger, metrics } = this.#ports;
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

  #stored({ policy: { retentionDays } }: Rules, remaining: () => number, turn: RunTurn): LinkPorts {
    const { environment, dynamodb, logger } = this.#ports;
    const onUnreadable = (key: string, ...rest: unknown[]): void =>
      logger.error('a stored item cannot be read and is passed over', { key, error: rest.at(-1) as Error });
    const campaigns = new CampaignTable(dynamodb, environment.CAMPAIGN_TABLE, { onUnreadable });
    return {
      clock: this.#requests,
      turn,
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

function isStep(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'step' in event;
}
