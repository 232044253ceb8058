import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { CalibrationRuns } from '../../lib/aws/calibration-runs.ts';
import { dynamoDb, s3 } from '../../lib/aws/clients.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { stepInput } from '../../lib/contract/calibrate-steps.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { CalibrationLearner } from '../../lib/scoring/learn-calibration.ts';
import { rulesSource } from '../../lib/stores/rules-source.ts';
import { policyProblems } from '../policy-problems.ts';
import { FirstPass, pastAccount } from './first-pass.ts';
import { CalibrateSteps } from './steps.ts';
import { CalibrateWork, type Made } from './work.ts';

/**
 * The daily pass over all profiles. Sums up the week's traffic, looks again at accounts that fell silent with an open
 * finding, and learns a calibration from the profiles as they stand and keeps it under an id of its own. It activates nothing: a
 * policy names the calibration that it was judged with. Woken by the schedule it does all of that at once; a state machine asks for
 * one step of it (steps.ts).
 */

const environment = readEnvironment('calibrate', process.env);
const logger = new Logger();
const metrics = new Metrics();
const client = s3();
const calibrations = new CalibrationBucket(client, environment.STATE_BUCKET);
const runs = new CalibrationRuns(client, environment.STATE_BUCKET);
const onProblem = policyProblems(logger, metrics);
const policies = policySourceOf(environment, onProblem);
const rulesOf = rulesSource(policies, calibrations, onProblem, environment.FOREIGN_CALIBRATION);
const work = new CalibrateWork({
  environment,
  dynamodb: dynamoDb(),
  calibrations,
  policies,
  rulesOf,
  logger,
  metrics,
});
const steps = new CalibrateSteps(work, runs);

async function calibrate(event: unknown): Promise<unknown> {
  try {
    return isStep(event) ? await steps.run(stepInput.parse(event)) : await calibrateOnce();
  } finally {
    metrics.publishStoredMetrics();
  }
}

function isStep(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'step' in event;
}

async function calibrateOnce(): Promise<Made | undefined> {
  const basis = await work.basis();
  const { policy, verdicts } = basis;
  const profiles = work.profiles(basis);
  const first = new FirstPass(new CalibrationLearner({ windows: policy.windows, verdicts }));
  await work.eachProfile(profiles, (state) => first.see(state));
  await work.keepTraffic(first.traffic, first.silent.now);
  const fault = await work.lookAgain(first.silent, profiles);
  const { learner } = first;
  const accounts = first.sample.accounts();
  let made: Made | undefined;
  if (learner.ready) {
    const linked = await work.groups(basis, accounts);
    learner.fit(linked.groups);
    await work.eachProfile(profiles, (state) => learner.measure(pastAccount(state)));
    made = await work.finish(learner, basis, { accounts, linked });
  } else work.tooFew();
  if (fault !== undefined) throw fault;
  return made;
}

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(calibrate);
