import { createHash } from 'node:crypto';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { SampledPrompts } from '../../lib/aws/sampled-prompts.ts';
import { learnGroups } from '../../lib/campaigns/judging/learn-group-ranks.ts';
import { atAllSlices } from '../../lib/campaigns/past-groups.ts';
import type { MetricName } from '../../lib/contract/metrics.ts';
import type { AccountState } from '../../lib/detection/account-state.ts';
import { questionsOf, reviewOfPast } from '../../lib/detection/review-of-past.ts';
import type { Verdict } from '../../lib/findings/finding.ts';
import type { TrafficBySlice } from '../../lib/findings/traffic.ts';
import type { Policy } from '../../lib/policy/policy.ts';
import type { Calibration } from '../../lib/scoring/calibration.ts';
import { DRIFT_ALPHA, DriftTest, SCORE } from '../../lib/scoring/drift.ts';
import {
  type CalibrationLearner,
  type CalibrationRules,
  newestRow,
} from '../../lib/scoring/learn-calibration.ts';
import type { Verdicts } from '../../lib/scoring/learn-model.ts';
import { learningCurve } from '../../lib/scoring/learning-curve.ts';
import type { PastAccount } from '../../lib/scoring/looks.ts';
import { keptReview, REVIEW_KEPT } from '../../lib/scoring/stored-review.ts';
import { supportedBudget, unsupported } from '../../lib/scoring/supported-budget.ts';
import { keepTraffic } from '../../lib/stores/finding-queries.ts';
import { keepReview } from '../../lib/stores/reviews.ts';
import { verdictsByAccount } from '../../lib/stores/verdicts.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import type { IdleSweep } from './idle-sweep.ts';
import type { CalibratePorts } from './ports.ts';
import { type StoredGroups, storedGroups } from './stored-groups.ts';

/** Segments of the table that one invocation reads at the same time: one alone waits for its pages most of the time. */
const SEGMENTS = 16;

/** What a calibration is learnt under: the same for all of its steps. */
export interface Basis {
  readonly policy: Policy;
  readonly verdicts: Verdicts;
}

/** What accounts are learnt from, at once and in steps alike. */
export function learningRules({ policy, verdicts }: Basis): CalibrationRules {
  return { windows: policy.windows, verdicts, keptDays: policy.retentionDays };
}

/** What is to be known, when all was measured, of accounts that groups are drawn from. */
export interface GroupBasis {
  readonly accounts: readonly PastAccount[];
  readonly linked: StoredGroups;
}

export interface Made {
  readonly id: string;
  readonly accounts: number;
}

/** What a review is made of, beside the learner. */
interface Asking {
  readonly policy: Policy;
  readonly judged: ReadonlySet<string>;
  readonly accounts: readonly PastAccount[];
  readonly apart: readonly (readonly string[])[];
  readonly linked: readonly (readonly string[])[];
}

/** A day's comparison is one of some hundred under one calibration: all of them together may be wrong as often as is stated. */
const DAYS_COMPARED = 100;

/** The parts of a calibration: in one invocation they follow each other (handler.ts), in shards they are steps (steps.ts). */
export class CalibrateWork {
  readonly #ports: CalibratePorts;

  constructor(ports: CalibratePorts) {
    this.#ports = ports;
  }

  async basis(): Promise<Basis> {
    const { policies, logger } = this.#ports;
    const policy = await policies.active();
    logger.appendKeys({ policy: policy.id, code: CODE_VERSION });
    return { policy, verdicts: asVerdicts(await verdictsByAccount(this.#findings())) };
  }

  #findings(): DynamoFindingStore {
    const { dynamodb, environment, metrics, logger } = this.#ports;
    return new DynamoFindingStore(dynamodb, environment.FINDING_TABLE, {
      onUnreadable: (error) => {
        metrics.addMetric('ItemsUnreadable' satisfies MetricName, MetricUnit.Count, 1);
        logger.error('a finding cannot be read: its verdict teaches nothing', { error });
      },
    });
  }

  profiles({ policy }: Basis): ProfileTable {
    const { dynamodb, environment } = this.#ports;
    return new ProfileTable(dynamodb, environment.PROFILE_TABLE, {
      retentionDays: policy.retentionDays,
      kept: 1,
    });
  }

  /** Every account of a shard once, in any order. @param shard from 0, of so many */
  async eachProfile(
    profiles: ProfileTable,
    see: (state: AccountState) => void,
    { shard, shards }: { readonly shard: number; readonly shards: number } = { shard: 0, shards: 1 },
  ): Promise<void> {
    const segment = async (at: number): Promise<void> => {
      const scan = {
        segment: shard * SEGMENTS + at,
        segments: shards * SEGMENTS,
        onUnreadable: this.#onUnreadable,
      };
      for await (const state of profiles.scan(scan)) see(state);
    };
    await Promise.all(Array.from({ length: SEGMENTS }, (_, at) => segment(at)));
  }

  /** One account that cannot be read is nobody's peer; all others are learnt from. `score` raises the alarm. */
  readonly #onUnreadable = (account: string, error: Error): void => {
    const { metrics, logger } = this.#ports;
    metrics.addMetric('ItemsUnreadable' satisfies MetricName, MetricUnit.Count, 1);
    logger.error('the profile cannot be read and is left out', { account, error });
  };

  async keepTraffic(traffic: TrafficBySlice, now: number): Promise<void> {
    await keepTraffic(this.#findings(), traffic.week(now));
  }

  /** A failure is told at the end: a policy that names a calibration which is not there needs a new one all the more. */
  async lookAgain(silent: IdleSweep, profiles: ProfileTable): Promise<Error | undefined> {
    const { rulesOf, logger } = this.#ports;
    try {
      const rules = await rulesOf.inForce(CODE_VERSION);
      logger.info('looked again', { ...(await silent.lookAgain(profiles, rules, this.#onUnreadable)) });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Groups that links and contents have found, among these accounts. */
  async groups({ policy }: Basis, accounts: readonly PastAccount[]): Promise<StoredGroups> {
    const { dynamodb, environment } = this.#ports;
    const prompts = new SampledPrompts(dynamodb, environment.PROFILE_TABLE);
    const links = new LinkTable(dynamodb, environment.LINK_TABLE, {
      retentionDays: policy.retentionDays,
      samplesOf: (of, earlier) => prompts.samplesOf(of, earlier),
    });
    const campaigns = new CampaignTable(dynamodb, environment.CAMPAIGN_TABLE);
    return storedGroups({ links, campaigns }, accounts);
  }

  tooFew(): void {
    this.#ports.logger.info('too few accounts have shown enough: nothing to learn from yet');
  }

  /** Keeps what a learner that has measured everybody learnt. */
  async finish(
    learner: CalibrationLearner,
    { policy, verdicts }: Basis,
    { accounts, linked }: GroupBasis,
  ): Promise<Made> {
    const { calibrations, logger, metrics } = this.#ports;
    const made = learner.finish();
    await this.#tellDrift(learner, made);
    const judged = new Set([...verdicts.extraction, ...verdicts.benign, ...verdicts.grey]);
    const { ranks: groups, apart } = learnGroups({
      accounts: new Map(accounts.map((held) => [held.account, held])),
      // each as of every slice of the period
      looks: atAllSlices(linked.groups, accounts),
      calibration: made,
      windows: made.windows,
      confirmed: learner.verdicts.extraction,
      aside: new Set([...learner.verdicts.extraction, ...learner.verdicts.grey]),
      ...(learner.robust === undefined ? {} : { robust: learner.robust }),
      judged,
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
      verdictsWithoutEffect: learner.verdicts.unsupported.slice(0, 20),
      library: made.library,
      levels: supportedBudget({ ...made, groups }, policy.budget),
      unsupported: unsupported({ ...made, groups }, policy.budget),
    });
    metrics.addMetric('CalibrationAccounts', MetricUnit.Count, made.accounts);
    const apartMembers = apart.map(({ members }) => members);
    await this.#ask({ ...made, groups, id }, learner, {
      policy,
      judged,
      accounts,
      apart: apartMembers,
      linked: linked.groups,
    });
    return { id, accounts: made.accounts };
  }

  /** Keeps whose verdict would help most, for `review`, the console and the digests. */
  async #ask(
    made: Calibration,
    learner: CalibrationLearner,
    { policy, judged, accounts, apart, linked }: Asking,
  ): Promise<void> {
    const peaks = learner.peaks();
    const queue = reviewOfPast(peaks, judged, { apart, linked }, REVIEW_KEPT.entries);
    const { suspect } = supportedBudget(made, policy.budget);
    const curve = learningCurve(learner.attacks, peaks, queue, { suspect, days: made.days });
    const about = { calibration: made.id, at: made.madeAt, curve };
    await keepReview(this.#findings(), keptReview(about, questionsOf(queue, peaks, accounts, made)));
  }

  /** Are the accounts of today like those that the calibration in force was learnt from? Where their score is not, levels are held back. */
  async #tellDrift(learner: CalibrationLearner, made: Pick<Calibration, 'madeAt'>): Promise<void> {
    const { rulesOf, calibrations, logger, metrics } = this.#ports;
    // a pair that cannot be read is told by the source, and keeps no calibration from being made
    const active = await rulesOf.active().catch(() => undefined);
    const drift = active?.calibration.drift;
    if (active === undefined) return;
    if (drift === undefined) {
      // nothing to compare with, and so nothing that has moved: what was said of an earlier one is over
      metrics.addMetric('CalibrationDrift', MetricUnit.Count, 0);
      return;
    }
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
}

function asVerdicts(said: ReadonlyMap<string, Verdict>): Verdicts {
  const of = (verdict: Verdict): Set<string> =>
    new Set([...said].flatMap(([account, held]) => (held === verdict ? [account] : [])));
  return { extraction: of('confirmed'), benign: of('benign'), grey: new Set() };
}
