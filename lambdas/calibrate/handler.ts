import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { dynamoDb, s3 } from '../../lib/aws/clients.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { learnGroupNull } from '../../lib/campaigns/judging/group-null.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { scoreRules } from '../../lib/detection/judge.ts';
import type { Verdict } from '../../lib/findings/finding.ts';
import { TrafficBySlice } from '../../lib/findings/traffic.ts';
import type { Policy } from '../../lib/policy/policy.ts';
import { hashShare } from '../../lib/profile/hashes.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { type CalibrationAccount, learnCalibration } from '../../lib/scoring/calibrate.ts';
import { keepTraffic } from '../../lib/stores/finding-queries.ts';
import { rulesSource } from '../../lib/stores/rules-source.ts';
import { verdictsByAccount } from '../../lib/stores/verdicts.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { policyProblems } from '../policy-problems.ts';
import { IdleSweep } from './idle-sweep.ts';

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
const rulesOf = rulesSource(policies, calibrations, onProblem);

/** Accounts that fit into the function's memory; beyond it a fixed, key-chosen share of all is learnt from. */
const MAX_ACCOUNTS = 50_000;
/** Largest share of accounts that may be set aside as likely attackers. */
const CONTAMINATION = 0.08;

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
  const findings = new DynamoFindingStore(client, environment.FINDING_TABLE);
  const verdicts = await verdictsByAccount(findings);
  let accounts: CalibrationAccount[] = [];
  let share = 1;
  const silent = new IdleSweep();
  const traffic = new TrafficBySlice();
  for await (const state of profiles.scan()) {
    silent.see(state);
    const { profile, sealed } = state;
    const slices = joinSlices([sealed, profile.slices]);
    traffic.add(slices);
    if (verdicts.get(profile.account) === 'confirmed') continue;
    // the pseudonym is a keyed hash: a share of it is a fair sample, and the same one every day
    if (hashShare(profile.account) >= share) continue;
    accounts.push({
      account: profile.account,
      customer: profile.customer,
      slices,
    });
    if (accounts.length > MAX_ACCOUNTS) {
      share /= 2;
      accounts = accounts.filter((held) => hashShare(held.account) < share);
    }
  }
  await keepTraffic(findings, traffic.week(silent.now));
  const fault = await lookAgain(silent, profiles);
  const learnt = accounts.length === 0 ? undefined : await learn(accounts, benignOf(verdicts), policy, share);
  if (learnt === undefined) logger.info('no profiles yet: nothing to learn from');
  if (fault !== undefined) throw fault;
  return learnt;
}

async function learn(
  accounts: readonly CalibrationAccount[],
  benign: ReadonlySet<string>,
  policy: Policy,
  share: number,
): Promise<{ id: string; accounts: number }> {
  let exclude: ReadonlySet<string> = new Set();
  const made = learnCalibration('draft', accounts, {
    ...scoreRules(policy),
    contamination: CONTAMINATION,
    benign,
    onSetAside: (set) => {
      exclude = set;
    },
  });
  const groupScore = learnGroupNull(accounts, scoreRules(policy), { exclude });
  const id = `cal-${made.madeAt.slice(0, 10)}-${made.accounts}`;
  await calibrations.put({ ...made, groupScore, id });
  logger.info('calibration made', { id, accounts: made.accounts, setAside: made.setAside, share });
  metrics.addMetric('CalibrationAccounts', MetricUnit.Count, made.accounts);
  return { id, accounts: made.accounts };
}

function benignOf(verdicts: ReadonlyMap<string, Verdict>): ReadonlySet<string> {
  return new Set([...verdicts].flatMap(([account, verdict]) => (verdict === 'benign' ? [account] : [])));
}

/** A failure is told at the end: a policy that names a calibration which is not there needs a new one all the more. */
async function lookAgain(silent: IdleSweep, profiles: ProfileTable): Promise<Error | undefined> {
  try {
    const rules = await rulesOf.inForce(CODE_VERSION);
    logger.info('looked again', { ...(await silent.lookAgain(profiles, rules)) });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(calibrate);
