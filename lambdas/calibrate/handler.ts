import { createHash } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { dynamoDb, s3 } from '../../lib/aws/clients.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { SampledPrompts } from '../../lib/aws/sampled-prompts.ts';
import { learnGroups } from '../../lib/campaigns/judging/learn-group-ranks.ts';
import { atAllSlices } from '../../lib/campaigns/past-groups.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import type { MetricName } from '../../lib/contract/metrics.ts';
import type { AccountState } from '../../lib/detection/account-state.ts';
import type { Verdict } from '../../lib/findings/finding.ts';
import { TrafficBySlice } from '../../lib/findings/traffic.ts';
import type { Policy } from '../../lib/policy/policy.ts';
import { hashShare } from '../../lib/profile/hashes.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import type { Calibration } from '../../lib/scoring/calibration.ts';
import { DRIFT_ALPHA, DriftTest, SCORE } from '../../lib/scoring/drift.ts';
import { CalibrationLearner, newestRow } from '../../lib/scoring/learn-calibration.ts';
import type { Verdicts } from '../../lib/scoring/learn-model.ts';
import type { PastAccount } from '../../lib/scoring/looks.ts';
import { supportedBudget, unsupported } from '../../lib/scoring/supported-budget.ts';
import { keepTraffic } from '../../lib/stores/finding-queries.ts';
import { rulesSource } from '../../lib/stores/rules-source.ts';
import { verdictsByAccount } from '../../lib/stores/verdicts.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { policyProblems } from '../policy-problems.ts';
import { IdleSweep } from './idle-sweep.ts';
import { storedGroups } from './stored-groups.ts';

/**
 * The daily pass over all profiles. Sums up the week's traffic, looks again at accounts that fell silent with an open
 * finding, and learns a calibration from the profiles as they stand and keeps it under an id of its own. It activates nothing: a
 * policy names the calibration that it was judged with.
 */

const environment = readEnvironment('calibrate', process.env);
const logger = new Logger();
const metrics = new Metrics();
const calibrations = new CalibrationBucket(s3(), environment.STATE_BUCKET);
const onProblem = policyProblems(logger, metrics);
const policies = policySourceOf(environment, onProblem);
const rulesOf = rulesSource(policies, calibrations, onProblem, environment.FOREIGN_CALIBRATION);

/** Accounts whose slices fit into the function's memory: groups are drawn from them, beyond it from a fixed, key-chosen share. */
const MAX_ACCOUNTS = 50_000;

/** Segments of the table that are read at the same time: one alone waits for its pages most of the time. */
const SEGMENTS = 16;

async function calibrate(): Promise<{ id: string; accounts: number } | undefined> {
  try {
    return await calibrateOnce();
  } finally {
    metrics.publishStoredMetrics();
  }
}

async function calibrateOnce(): Promise<{ id: string; accounts: number } | undefined> {
  const client = dynamoDb();
  const policy = await policies.active();
  logger.appendKeys({ policy: policy.id, code: CODE_VERSION });
  const profiles = new ProfileTable(client, environment.PROFILE_TABLE, {
    retentionDays: policy.retentionDays,
    sealedCache: 1,
  });
  const findings = new DynamoFindingStore(client, environment.FINDING_TABLE, {
    onUnreadable: (error) => {
      metrics.addMetric('ItemsUnreadable' satisfies MetricName, MetricUnit.Count, 1);
      logger.error('a finding cannot be read: its verdict teaches nothing', { error });
    },
  });
  const verdicts = asVerdicts(await verdictsByAccount(findings));
  const learner = new CalibrationLearner({ windows: policy.windows, verdicts });
  let accounts: PastAccount[] = [];
  let share = 1;
  const silent = new IdleSweep();
  const traffic = new TrafficBySlice();
  await eachProfile(profiles, (state) => {
    silent.see(state);
    const held = pastAccount(state);
    traffic.add(held.slices);
    learner.see(held);
    // the pseudonym is a keyed hash: a share of it is a fair sample, and the same one every day
    if (hashShare(held.account) >= share) return;
    accounts.push(held);
    if (accounts.length > MAX_ACCOUNTS) {
      share /= 2;
      accounts = accounts.filter(({ account }) => hashShare(account) < share);
    }
  });
  // segments end in any order
  accounts.sort((a, b) => (a.account < b.account ? -1 : 1));
  await keepTraffic(findings, traffic.week(silent.now));
  const fault = await lookAgain(silent, profiles);
  const learnt = await learn(learner, profiles, accounts, policy, verdicts.extraction);
  if (learnt === undefined) logger.info('too few accounts have shown enough: nothing to learn from yet');
  if (fault !== undefined) throw fault;
  return learnt;
}

/** Grows the forests, and scores every account with one that has not seen it: the second pass over all profiles. */
async function learn(
  learner: CalibrationLearner,
  profiles: ProfileTable,
  accounts: readonly PastAccount[],
  policy: Policy,
  confirmed: ReadonlySet<string>,
): Promise<{ id: string; accounts: number } | undefined> {
  if (!learner.ready) return undefined;
  const client = dynamoDb();
  const prompts = new SampledPrompts(client, environment.PROFILE_TABLE);
  const linked = await storedGroups(
    {
      links: new LinkTable(client, environment.LINK_TABLE, {
        retentionDays: policy.retentionDays,
        samplesOf: (of, earlier) => prompts.samplesOf(of, earlier),
      }),
      campaigns: new CampaignTable(client, environment.CAMPAIGN_TABLE),
    },
    accounts,
  );
  learner.fit(linked.groups);
  await eachProfile(profiles, (state) => learner.measure(pastAccount(state)));
  const made = learner.finish();
  await tellDrift(learner, made);
  const { ranks: groups } = learnGroups({
    accounts: new Map(accounts.map((held) => [held.account, held])),
    // each as of every slice of the period
    looks: atAllSlices(linked.groups, accounts),
    calibration: made,
    windows: made.windows,
    confirmed,
    content: linked.content,
  });
  // named by content: a second run of the same day overwrites nothing that a policy names
  const content = createHash('sha256')
    .update(JSON.stringify({ ...made, groups }))
    .digest('hex');
  const id = `${made.id}-${content.slice(0, 8)}`;
  await calibrations.put({ ...made, groups, id });
  logger.info('calibration made', {
    id,
    accounts: made.accounts,
    verdicts: made.verdicts,
    library: made.library,
    levels: supportedBudget({ ...made, groups }, policy.budget),
    unsupported: unsupported({ ...made, groups }, policy.budget),
  });
  metrics.addMetric('CalibrationAccounts', MetricUnit.Count, made.accounts);
  return { id, accounts: made.accounts };
}

/** A day's comparison is one of some hundred under one calibration: all of them together may be wrong as often as is stated. */
const DAYS_COMPARED = 100;

/** Are the accounts of today like those that the calibration in force was learnt from? Where their score is not, levels are held back. */
async function tellDrift(learner: CalibrationLearner, made: Pick<Calibration, 'madeAt'>): Promise<void> {
  // a pair that cannot be read is told by the source, and keeps no calibration from being made
  const active = await rulesOf.active().catch(() => undefined);
  const drift = active?.calibration.drift;
  if (active === undefined || drift === undefined) return;
  const { id } = active.calibration;
  const test = new DriftTest(drift);
  for (const held of new Map(learner.measured().latest).get(drift.hours) ?? [])
    test.see(newestRow(held, active.calibration.model));
  const { accounts, watched, drifted } = test.report(DRIFT_ALPHA / DAYS_COMPARED);
  metrics.addMetric('CalibrationDrift', MetricUnit.Count, drifted.length);
  const moved = drifted.filter(({ fact }) => fact === SCORE).map(({ evidence }) => evidence);
  if (drifted.length > 0)
    logger.warn('accounts have moved', {
      calibration: id,
      accounts,
      watched,
      drifted: drifted.slice(0, 10),
      levelsHeldBack: moved.length > 0,
    });
  // what a foreign calibration says accuses nobody anyway, and is not the deployment's own past
  if (!active.calibration.foreign)
    await calibrations.putHold({ calibration: id, at: made.madeAt, moved: moved.slice(0, 10) });
}

/** Every account once, in any order. */
async function eachProfile(profiles: ProfileTable, see: (state: AccountState) => void): Promise<void> {
  const segment = async (at: number): Promise<void> => {
    for await (const state of profiles.scan({ segment: at, segments: SEGMENTS, onUnreadable })) see(state);
  };
  await Promise.all(Array.from({ length: SEGMENTS }, (_, at) => segment(at)));
}

/** One account that cannot be read is nobody's peer; all others are learnt from. `score` raises the alarm. */
function onUnreadable(account: string, error: Error): void {
  metrics.addMetric('ItemsUnreadable' satisfies MetricName, MetricUnit.Count, 1);
  logger.error('the profile cannot be read and is left out', { account, error });
}

function pastAccount({ profile, sealed }: AccountState): PastAccount {
  const { account, customer } = profile;
  return { account, customer, slices: joinSlices([sealed, profile.slices]) };
}

function asVerdicts(said: ReadonlyMap<string, Verdict>): Verdicts {
  const of = (verdict: Verdict): Set<string> =>
    new Set([...said].flatMap(([account, held]) => (held === verdict ? [account] : [])));
  return { extraction: of('confirmed'), benign: of('benign'), grey: new Set() };
}

/** A failure is told at the end: a policy that names a calibration which is not there needs a new one all the more. */
async function lookAgain(silent: IdleSweep, profiles: ProfileTable): Promise<Error | undefined> {
  try {
    const rules = await rulesOf.inForce(CODE_VERSION);
    logger.info('looked again', { ...(await silent.lookAgain(profiles, rules, onUnreadable)) });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(calibrate);
