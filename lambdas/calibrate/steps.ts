import type { CalibrationRuns } from '../../lib/aws/calibration-runs.ts';
import type { Planned, StepInput } from '../../lib/contract/calibrate-steps.ts';
import { CalibrationLearner, type Fitted, type MeasuredPart } from '../../lib/scoring/learn-calibration.ts';
import { type SentAccount, StoredPast } from '../../lib/scoring/stored-past.ts';
import { type FirstPart, FirstPass, pastAccount } from './first-pass.ts';
import { IdleSweep } from './idle-sweep.ts';
import type { StoredGroups } from './stored-groups.ts';
import { type Basis, type CalibrateWork, learningRules, type Made } from './work.ts';

/** What `fit` leaves for the second pass; without `fitted` too few accounts have shown enough. */
interface FittedPart {
  readonly fitted: Fitted | undefined;
  /** newest arrival of all accounts, ms */
  readonly now: number;
}

/** What `measure` leaves for `finish`. */
interface ShardPart {
  readonly measured: MeasuredPart;
  readonly accounts: number;
  /** why its accounts that fell silent were not looked at again */
  readonly fault: string | undefined;
}

/** What `fit` leaves for `finish`. */
interface GroupPart {
  readonly accounts: readonly SentAccount[];
  readonly linked: StoredGroups;
}

/** What `finish` leaves, for whoever asks it again. */
interface EndedPart {
  readonly made: Made | undefined;
}
const ENDED = 'ended';

/** Parts that are read at the same time; they are merged one after the other. */
const CONCURRENCY = 8;

/**
 * The steps of a calibration in shards (lib/contract/calibrate-steps.ts). Each writes what it found under the run's name and can be
 * asked again: a shard that is there already is not made again. What comes out is what one invocation makes, bit for
 * bit, as parts merge exactly (lib/scoring/learn-calibration.ts).
 */
export class CalibrateSteps {
  readonly #work: CalibrateWork;
  readonly #runs: CalibrationRuns;

  constructor(work: CalibrateWork, runs: CalibrationRuns) {
    this.#work = work;
    this.#runs = runs;
  }

  /** What the state machine gets back; small, whatever the fleet's size. */
  async run(input: StepInput): Promise<Planned | { readonly accounts: number } | Made | undefined> {
    switch (input.step) {
      case 'plan':
        return this.#plan(input);
      case 'see':
        return this.#see(input);
      case 'fit':
        return this.#fit(input);
      case 'measure':
        return this.#measure(input);
      case 'finish':
        return this.#finish(input);
    }
  }

  /** Policy and verdicts are read once: a verdict that is given meanwhile counts in all shards or in none. */
  async #plan({ run, shards }: StepInput): Promise<Planned> {
    if ((await this.#runs.get<Basis>(run, 'basis')) === undefined)
      await this.#runs.keep(run, 'basis', await this.#work.basis());
    return { run, shards, items: Array.from({ length: shards }, (_, shard) => ({ shard })) };
  }

  async #see({ run, shard, shards }: Extract<StepInput, { step: 'see' }>): Promise<{ accounts: number }> {
    const name = partName('seen', shard, shards);
    const known = await this.#runs.get<FirstPart & { accounts: number }>(run, name);
    if (known !== undefined) return { accounts: known.accounts };
    const basis = await this.#basis(run);
    const first = new FirstPass(learnerOf(basis));
    let accounts = 0;
    await this.#work.eachProfile(
      this.#work.profiles(basis),
      (state) => {
        accounts++;
        first.see(state);
      },
      { shard, shards },
    );
    return { accounts: (await this.#runs.keep(run, name, { ...first.part(), accounts })).accounts };
  }

  async #fit({ run, shards }: StepInput): Promise<{ accounts: number }> {
    const basis = await this.#basis(run);
    const first = new FirstPass(learnerOf(basis));
    let accounts = 0;
    for await (const part of this.#parts<FirstPart & { accounts: number }>(run, 'seen', shards)) {
      first.merge(part);
      accounts += part.accounts;
    }
    const { now } = first.silent;
    await this.#work.keepTraffic(first.traffic, now);
    const { learner } = first;
    const sample = first.sample.accounts();
    if (learner.ready) {
      // links change while this goes on: every attempt fits the groups that the first has found
      const found = {
        accounts: sample.map((held) => held.sent()),
        linked: await this.#work.groups(basis, sample),
      };
      const { linked } = await this.#runs.keep<GroupPart>(run, 'groups', found);
      learner.fit(linked.groups);
      learner.scoreAttacks(linked.groups);
    } else this.#work.tooFew();
    const fitted: FittedPart = { fitted: learner.ready ? learner.fitted() : undefined, now };
    await this.#runs.keep(run, 'fitted', fitted);
    return { accounts };
  }

  /** The second pass over a shard, and another look at its accounts that fell silent. */
  async #measure({
    run,
    shard,
    shards,
  }: Extract<StepInput, { step: 'measure' }>): Promise<{ accounts: number }> {
    const name = partName('measured', shard, shards);
    const known = await this.#runs.get<ShardPart>(run, name);
    if (known !== undefined) return { accounts: known.accounts };
    const basis = await this.#basis(run);
    const { fitted } = await this.#runs.need<FittedPart>(run, 'fitted');
    const fault = await this.#lookAgain(run, shard, shards);
    let accounts = 0;
    let measured: MeasuredPart = { peaks: [], groups: [], latest: [] };
    if (fitted !== undefined) {
      const learner = CalibrationLearner.measuring(learningRules(basis), fitted);
      await this.#work.eachProfile(
        this.#work.profiles(basis),
        (state) => {
          accounts++;
          learner.measure(pastAccount(state));
        },
        { shard, shards },
      );
      measured = learner.measured();
    }
    const part: ShardPart = { measured, accounts, fault: fault?.message };
    return { accounts: (await this.#runs.keep(run, name, part)).accounts };
  }

  /** At accounts of a shard that fell silent, by the newest arrival of all shards. */
  async #lookAgain(run: string, shard: number, shards: number): Promise<Error | undefined> {
    const { now } = await this.#runs.need<FittedPart>(run, 'fitted');
    const { silent } = await this.#runs.need<FirstPart>(run, partName('seen', shard, shards));
    const sweep = new IdleSweep();
    sweep.merge({ ...silent, now });
    return this.#work.lookAgain(sweep, this.#work.profiles(await this.#basis(run)));
  }

  /**
   * Keeps the calibration first, and looks again then where a shard could not: as in one invocation, no fault of that keeps a
   * calibration from being made. A run that failed by it is resumed here. What was made is noted before the run's parts go, as the answer
   * may be lost and the step asked again.
   */
  async #finish({ run, shards }: StepInput): Promise<Made | undefined> {
    const ended = await this.#runs.get<EndedPart>(run, ENDED);
    if (ended !== undefined) {
      await this.#runs.drop(run, ENDED);
      return ended.made;
    }
    const basis = await this.#basis(run);
    const { fitted } = await this.#runs.need<FittedPart>(run, 'fitted');
    const learner = fitted && CalibrationLearner.measuring(learningRules(basis), fitted);
    const behind: number[] = [];
    let shard = 0;
    for await (const { measured, fault } of this.#parts<ShardPart>(run, 'measured', shards)) {
      learner?.mergeMeasured(measured);
      if (fault !== undefined) behind.push(shard);
      shard++;
    }
    let made: Made | undefined;
    if (learner !== undefined) {
      const { accounts, linked } = await this.#runs.need<GroupPart>(run, 'groups');
      made = await this.#work.finish(learner, basis, {
        accounts: accounts.map((held) => new StoredPast(held)),
        linked,
      });
    }
    for (const at of behind) {
      const fault = await this.#lookAgain(run, at, shards);
      if (fault !== undefined) throw fault;
    }
    await this.#runs.keep<EndedPart>(run, ENDED, { made });
    await this.#runs.drop(run, ENDED);
    return made;
  }

  #basis(run: string): Promise<Basis> {
    return this.#runs.need<Basis>(run, 'basis');
  }

  /** Every shard's part, in order. @throws Error where one is missing: nothing is learnt from a part of the fleet */
  async *#parts<T>(run: string, kind: string, shards: number): AsyncGenerator<T> {
    for (let from = 0; from < shards; from += CONCURRENCY) {
      const numbers = Array.from({ length: Math.min(CONCURRENCY, shards - from) }, (_, i) => from + i);
      yield* await Promise.all(
        numbers.map((shard) => this.#runs.need<T>(run, partName(kind, shard, shards))),
      );
    }
  }
}

const learnerOf = (basis: Basis): CalibrationLearner => new CalibrationLearner(learningRules(basis));

/** The number of shards is in it, as whoever looks for a missing part wants to know. */
function partName(kind: string, shard: number, shards: number): string {
  return `${kind}-${shard}-of-${shards}`;
}
