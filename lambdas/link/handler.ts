import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { dynamoDb, s3 } from '../../lib/aws/clients.ts';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { MembershipItems } from '../../lib/aws/membership-items.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { PromptItems } from '../../lib/aws/prompt-items.ts';
import { RunRequests } from '../../lib/aws/run-requests.ts';
import { type LinkReport, linkRun, strangerShareFor } from '../../lib/campaigns/stored-run.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import type { MetricName } from '../../lib/contract/metrics.ts';
import { rulesSource } from '../../lib/stores/rules-source.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { policyProblems } from '../policy-problems.ts';

/** Links, and judges campaigns, on a schedule and where `index` asks for it. Wiring only: see lib/campaigns/stored-run.ts. */

const environment = readEnvironment('link', process.env);
const logger = new Logger();
const metrics = new Metrics();
const client = dynamoDb();
const prompts = new PromptItems(client, environment.PROFILE_TABLE);
const requests = new RunRequests(client, environment.CAMPAIGN_TABLE, {
  minutes: Number(environment.LINK_PRESSURE_MINUTES),
});
const onProblem = policyProblems(logger, metrics);
const rulesOf = rulesSource(
  policySourceOf(environment, onProblem),
  new CalibrationBucket(s3(), environment.STATE_BUCKET),
  onProblem,
  environment.FOREIGN_CALIBRATION,
);
/** accounts that the last run of this instance saw */
let accounts = 0;

async function link(
  _event: unknown,
  context: { getRemainingTimeInMillis(): number },
): Promise<Omit<LinkReport, 'notices'> | undefined> {
  try {
    return await linkOnce(context);
  } finally {
    metrics.publishStoredMetrics();
  }
}

async function linkOnce(context: {
  getRemainingTimeInMillis(): number;
}): Promise<Omit<LinkReport, 'notices'> | undefined> {
  const rules = await rulesOf.inForce(CODE_VERSION);
  const { policy, calibration } = rules;
  logger.appendKeys({ policy: policy.id, calibration: calibration.id, code: CODE_VERSION });
  if (!policy.campaigns.enabled) return undefined;
  await requests.begin(Date.now());
  if (calibration.groups === undefined)
    logger.warn('the calibration knows no benign groups: campaigns are linked, none is judged', {
      calibration: calibration.id,
    });
  const onUnreadable = (key: string, ...rest: unknown[]): void =>
    logger.error('a stored item cannot be read and is passed over', { key, error: rest.at(-1) as Error });
  const campaigns = new CampaignTable(client, environment.CAMPAIGN_TABLE, { onUnreadable });
  const { notices, ...report } = await linkRun(
    {
      clock: requests,
      links: new LinkTable(client, environment.LINK_TABLE, {
        retentionDays: policy.retentionDays,
        samplesOf: (accounts) => prompts.samplesOf(accounts),
        onUnreadable,
      }),
      campaigns,
      accusations: new MembershipItems(client, environment.CAMPAIGN_TABLE, campaigns),
      profiles: new ProfileTable(client, environment.PROFILE_TABLE, {
        retentionDays: policy.retentionDays,
      }),
      remaining: () => context.getRemainingTimeInMillis(),
    },
    rules,
    strangerShareFor(accounts),
  );
  accounts = report.accounts;
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

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(link);
