import type { Policy } from '../policy/policy.ts';
import { SLICE_MS } from '../profile/slice.ts';
import type { AttackLibrary } from '../scoring/attack-library.ts';
import type { Calibration } from '../scoring/calibration.ts';
import { CalibrationLearner, type CalibrationRules } from '../scoring/learn-calibration.ts';
import type { PastAccount } from '../scoring/looks.ts';
import { periodsAMonth } from '../scoring/significance.ts';
import { type CalibrationSize, supportedBudget } from '../scoring/supported-budget.ts';
import { binomialInterval } from '../statistics/binomial-interval.ts';
import { DAY_MS } from '../time.ts';
import { type CalmTrial, type Period, tryCalm } from './calm-choice.ts';
import {
  caughtAcross,
  chooseWindows,
  type Tried,
  unitsOf,
  type WindowTrial,
  windowsToTry,
  windowTrials,
} from './window-choice.ts';

/** An account of labelled traffic. */
export interface TuningAccount extends PastAccount {
  readonly label: 'benign' | 'extraction';
  /** empty where it belongs to no campaign */
  readonly campaign: string;
}

/** What a budget does to accounts that the model had no part of. */
export interface Effect {
  readonly benign: number;
  readonly wronged: number;
  readonly fpr: number;
  readonly fprInterval: readonly [number, number];
  readonly extraction: number;
  readonly caught: number;
  readonly tpr: number;
  readonly tprInterval: readonly [number, number];
  /** labelled campaigns of two accounts or more; an account alone is none */
  readonly campaigns: number;
  /** of these, those with at least one account found */
  readonly campaignsCaught: number;
}

/** One row of the frontier: a threshold, and what it does. */
export interface Step extends Effect {
  /** chance that an honest account reaches it over the traffic's period, and within a month */
  readonly chance: number;
  readonly monthly: number;
}

export type Tuning =
  | {
      readonly ok: true;
      /** without an id: the caller names it */
      readonly policy: Policy;
      /** what has to be said of its levels */
      readonly notes: readonly string[];
      /** learnt with the extraction accounts as verdicts: it finds more than was measured here */
      readonly calibration: Calibration;
      readonly expected: Step;
      readonly frontier: readonly Step[];
      readonly search: Search;
    }
  | { readonly ok: false; readonly reason: string };

/** What was tried beside thresholds. */
export interface Search {
  /** the policy's own windows first */
  readonly windows: readonly WindowTrial[];
  /** sets for which no time was left, hours */
  readonly untried: readonly (readonly number[])[];
  /** the policy's own hysteresis first */
  readonly calm: readonly CalmTrial[];
}

export interface TuneOptions {
  /** attacks to tell from the accounts; default: the shipped ones */
  readonly library?: AttackLibrary;
  /** hears what begins: each step is minutes of work in one go */
  readonly onStep?: (what: string) => void;
  /** asked before each set of windows beside the policy's own; false ends their search. Default: none is tried */
  readonly more?: () => boolean;
}

/** Ranks that the frontier is shown at. */
const FRONTIER = [0, 1, 2, 4, 9, 19, 49];

/**
 * Proposes the error budget of `suspect`, windows and hysteresis from labelled traffic. A model is learnt from the benign accounts;
 * extraction accounts are in neither the past nor the library, so that they are strangers to it, and every benign account is scored by a
 * forest that has not seen it. The budget is the largest within `maxFpr` that the number of benign accounts supports: k of n exceed
 * a threshold with a chance of (k + 1) / (n + 1) over the traffic's period, and so many times as much in a month. Windows are
 * compared at that same k (window-choice.ts), lengths of calm by the findings that came back (calm-choice.ts).
 * @param maxFpr share of benign accounts that may be flagged in a month, as in a policy's budget
 */
export function tune(
  accounts: readonly TuningAccount[],
  policy: Policy,
  maxFpr: number,
  { library, onStep = () => undefined, more = () => false }: TuneOptions = {},
): Tuning {
  const benign = accounts.filter(({ label }) => label === 'benign');
  const extraction = accounts.filter(({ label }) => label === 'extraction');
  const period = periodOf(accounts);
  const { days } = period;
  const periods = periodsAMonth(days);
  const within = Math.floor((maxFpr * (benign.length + 1)) / periods + 1e-9) - 1;
  if (within < 0) return refusal(benign.length, periods, maxFpr);
  const nobody = new Set<string>();
  const strangers = namesOf(extraction);
  const rules = (windows: readonly number[]): CalibrationRules => ({
    windows,
    ...(library === undefined ? {} : { library }),
  });
  const blindly = (windows: readonly number[]): Blind => {
    const verdicts = { extraction: nobody, benign: nobody, grey: strangers };
    const learnt = learn(accounts, { ...rules(windows), verdicts });
    return {
      ...learnt,
      windows,
      caught: namesOf(above(thresholdAt(within, learnt, benign), learnt, extraction)),
    };
  };
  const candidates = windowsToTry(policy.windows, { days, retentionDays: policy.retentionDays });
  onStep(
    `learning without the extraction accounts, windows ${policy.windows.join(', ')} h, the policy's own`,
  );
  const tried = [blindly(policy.windows)];
  for (const windows of candidates) {
    if (!more()) break;
    onStep(`... windows ${windows.join(', ')} h (${tried.length} of ${candidates.length} others)`);
    tried.push(blindly(windows));
  }
  const units = unitsOf(extraction);
  const blind = tried[chooseWindows(tried, units)] as Blind;
  const parties: Parties = { benign, extraction };
  const frontier = FRONTIER.filter((k) => k < benign.length).map((k) => stepAt(k, blind, parties));
  const expected = stepAt(within, blind, parties, caughtAcross(tried, units));
  onStep('hysteresis: the lives of findings under several lengths of calm');
  const searched = { ...policy, windows: [...blind.windows] };
  const suspects = above(thresholdAt(within, blind, benign), blind, accounts);
  const alone = { ...searched, budget: levelsFor(expected.monthly, policy.budget, blind.calibration).budget };
  const calm = tryCalm(suspects, alone, blind.calibration, period);
  onStep('learning with the extraction accounts');
  const taught = learn(accounts, {
    ...rules(blind.windows),
    verdicts: { extraction: strangers, benign: nobody, grey: nobody },
  });
  const { budget, notes } = levelsFor(expected.monthly, policy.budget, taught.calibration);
  const calmHours = calm.find(({ chosen }) => chosen)?.calmHours ?? policy.calmHours;
  return {
    ok: true,
    policy: { ...searched, budget, calmHours },
    notes,
    calibration: taught.calibration,
    expected,
    frontier,
    search: { windows: windowTrials(tried, units), untried: candidates.slice(tried.length - 1), calm },
  };
}

const namesOf = (list: readonly TuningAccount[]): ReadonlySet<string> =>
  new Set(list.map(({ account }) => account));

/** The traffic's; days as a calibration of it has them. */
function periodOf(accounts: readonly TuningAccount[]): Period {
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const { slices } of accounts)
    for (const { start } of slices) {
      from = Math.min(from, start);
      to = Math.max(to, start + SLICE_MS);
    }
  return { days: Math.max(1, (to - from) / DAY_MS), until: to };
}

function refusal(benign: number, periods: number, maxFpr: number): Tuning {
  const least = Math.min(1, periods / (benign + 1));
  const needed = Math.ceil(periods / maxFpr) - 1;
  return {
    ok: false,
    reason: `${benign} benign accounts cannot support a false-positive rate of ${maxFpr} a month: that takes ${needed} of them${periods > 1 ? ' over as many days' : ''}. The smallest rate that these data support is ${roundedUp(least)}: give --max-fpr ${roundedUp(least)}, or label more benign accounts.`,
  };
}

/** Watch is so much wider than suspect where the policy's own is not: a level that is the same as the next says nothing. */
const WATCH_WIDER = 3;
/** No level is reached by more than every second honest account. */
const WIDEST = 0.5;

/**
 * The three levels of a budget, each of which can be reached under the calibration, in its order; and what has to be said
 * of them.
 * @param monthly chance a month of suspect
 */
export function levelsFor(
  monthly: number,
  was: Policy['budget'],
  size: CalibrationSize,
): { readonly budget: Policy['budget']; readonly notes: readonly string[] } {
  const { least } = supportedBudget(size, { watch: 1, suspect: 1, critical: 1 });
  // upwards: a budget that is rounded down could be less than what is supported
  const suspect = roundedUp(Math.max(monthly, least));
  const critical = Math.min(suspect, Math.max(was.critical, roundedUp(least)));
  const watch =
    was.watch > suspect
      ? Math.min(WIDEST, was.watch)
      : Math.min(WIDEST, roundedUp(Math.max(suspect, WATCH_WIDER * suspect)));
  const share = (value: number): string => `${Number((value * 100).toPrecision(3))} %`;
  const notes = [
    ...(critical > was.critical
      ? [
          `budget.critical is ${share(critical)} instead of ${share(was.critical)}: ${size.accounts} accounts over ${Math.round(size.days)} days support no less, and a level that nobody can reach notifies nobody.`,
        ]
      : []),
    ...(critical === suspect
      ? [
          'budget.critical equals budget.suspect: whoever is a suspect is critical, and is notified as urgent.',
        ]
      : []),
    ...(watch === suspect ? ['budget.watch equals budget.suspect: nobody is at watch alone.'] : []),
  ];
  return { budget: { watch, suspect, critical }, notes };
}

/** Three digits, never less than the value. */
export function roundedUp(value: number): number {
  const rounded = Number(value.toPrecision(3));
  return rounded >= value
    ? rounded
    : Number((rounded + 10 ** (Math.floor(Math.log10(value)) - 2)).toPrecision(3));
}

interface Learnt {
  readonly calibration: Calibration;
  /** highest score by account */
  readonly peaks: ReadonlyMap<string, number>;
}

/** What was learnt without the extraction accounts, with a set of windows. */
type Blind = Learnt & Tried;

interface Parties {
  readonly benign: readonly TuningAccount[];
  readonly extraction: readonly TuningAccount[];
}

function learn(accounts: readonly TuningAccount[], rules: CalibrationRules): Learnt {
  const learner = new CalibrationLearner(rules);
  for (const held of accounts) learner.see(held);
  learner.fit();
  const peaks = new Map(accounts.map((held) => [held.account, learner.measure(held)?.score ?? 0]));
  return { calibration: learner.finish(), peaks };
}

/** The k-th highest of the benign accounts' scores. */
function thresholdAt(k: number, { peaks }: Learnt, benign: readonly TuningAccount[]): number {
  return benign.map(({ account }) => peaks.get(account) ?? 0).sort((a, b) => b - a)[k] ?? 0;
}

function above<T extends TuningAccount>(
  threshold: number,
  { peaks }: Learnt,
  of: readonly T[],
): readonly T[] {
  return of.filter(({ account }) => (peaks.get(account) ?? 0) > threshold);
}

/** What is flagged above the k-th of the benign accounts' scores. @param known who is found, where that is measured otherwise */
function stepAt(
  k: number,
  learnt: Learnt,
  { benign, extraction }: Parties,
  known?: ReadonlySet<string>,
): Step {
  const threshold = thresholdAt(k, learnt, benign);
  const over = known ?? namesOf(above(threshold, learnt, extraction));
  const caught = extraction.filter(({ account }) => over.has(account));
  const campaigns = severalOf(extraction);
  const found = new Set(caught.map(({ campaign }) => campaign).filter((name) => campaigns.has(name)));
  const wronged = above(threshold, learnt, benign).length;
  const chance = (k + 1) / (benign.length + 1);
  return {
    chance,
    monthly: Math.min(1, chance * periodsAMonth(learnt.calibration.days)),
    benign: benign.length,
    wronged,
    fpr: wronged / benign.length,
    fprInterval: binomialInterval(wronged, benign.length),
    extraction: extraction.length,
    caught: caught.length,
    tpr: extraction.length === 0 ? 0 : caught.length / extraction.length,
    tprInterval: binomialInterval(caught.length, extraction.length),
    campaigns: campaigns.size,
    campaignsCaught: found.size,
  };
}

/** Campaigns that two or more of the accounts belong to. */
function severalOf(accounts: readonly TuningAccount[]): ReadonlySet<string> {
  const once = new Set<string>();
  const several = new Set<string>();
  for (const { campaign } of accounts) {
    if (campaign === '') continue;
    if (once.has(campaign)) several.add(campaign);
    once.add(campaign);
  }
  return several;
}
