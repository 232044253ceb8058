import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { CalibrationRuns } from '../../lib/aws/calibration-runs.ts';
import { stepInput } from '../../lib/contract/calibrate-steps.ts';
import type { EnvironmentOf } from '../../lib/contract/environment.ts';
import { CalibrationLearner } from '../../lib/scoring/learn-calibration.ts';
import type { PolicySource } from '../../lib/stores/policy-port.ts';
import { rulesSource } from '../../lib/stores/rules-source.ts';
import { policyProblems } from '../policy-problems.ts';
import { FirstPass, pastAccount } from './first-pass.ts';
import { CalibrateSteps } from './steps.ts';
import { CalibrateWork, learningRules, type Made } from './work.ts';

/** What one environment of the function works with. */
export interface CalibrateFunctionPorts {
  readonly environment: EnvironmentOf<'calibrate'>;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly policies: PolicySource;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The daily pass over all profiles. Sums up the week's traffic, looks again at accounts that fell silent with an open
 * finding, and learns a calibration from the profiles as they stand and keeps it under an id of its own. It activates nothing: a
 * policy names the calibration that it was judged with. Woken by the schedule it does all of that at once; a state machine asks for
 * one step of it (steps.ts).
 */
export class CalibrateFunction {
  readonly #metrics: Metrics;
  readonly #work: CalibrateWork;
  readonly #steps: CalibrateSteps;

  constructor({ s3, ...ports }: CalibrateFunctionPorts) {
    const { environment, policies, logger, metrics } = ports;
    const calibrations = new CalibrationBucket(s3, environment.STATE_BUCKET);
    const rulesOf = rulesSource(
      policies,
      calibrations,
      policyProblems(logger, metrics),
      environment.FOREIGN_CALIBRATION,
    );
    this.#metrics = metrics;
    this.#work = new CalibrateWork({ ...ports, calibrations, rulesOf });
    this.#steps = new CalibrateSteps(this.#work, new CalibrationRuns(s3, environment.STATE_BUCKET));
  }

  async handle(event: unknown): Promise<unknown> {
    try {
      return isStep(event) ? await this.#steps.run(stepInput.parse(event)) : await this.#atOnce();
    } finally {
      this.#metrics.publishStoredMetrics();
    }
  }

  async #atOnce(): Promise<Made | undefined> {
    const work = this.#work;
    const basis = await work.basis();
    const profiles = work.profiles(basis);
    const first = new FirstPass(new CalibrationLearner(learningRules(basis)));
    await work.eachProfile(profiles, (state) => first.see(state));
    await work.keepTraffic(first.traffic, first.silent.now);
    const fault = await work.lookAgain(first.silent, profiles);
    const { learner } = first;
    const accounts = first.sample.accounts();
    let made: Made | undefined;
    if (learner.ready) {
      const linked = await work.groups(basis, accounts);
      learner.fit(linked.groups);
      learner.scoreAttacks(linked.groups);
      await work.eachProfile(profiles, (state) => learner.measure(pastAccount(state)));
      made = await work.finish(learner, basis, { accounts, linked });
    } else work.tooFew();
    if (fault !== undefined) throw fault;
    return made;
  }
}

function isStep(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'step' in event;
}
