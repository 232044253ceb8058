import { signTest } from '../statistics/sign-test.ts';

/** Window lengths that `tune` tries beside those of the policy, hours: one alone, a burst's, a middle one. */
const WINDOW_SETS: readonly (readonly number[])[] = [[24], [24, 72], [6, 24, 168], [24, 72, 168], [168]];

/** Chance that a set is chosen by luck alone, over all sets that were tried. */
const BY_LUCK = 0.05;

/** Whom a set of windows finds within the budget. */
export interface Tried {
  readonly windows: readonly number[];
  readonly caught: ReadonlySet<string>;
}

/** How a set of windows did beside the policy's own; `--json` prints it. */
export interface WindowTrial {
  readonly windows: readonly number[];
  /** extraction accounts found, at the same number of benign accounts flagged */
  readonly caught: number;
  /** campaigns, and accounts of none, of which it finds a larger part than the policy's own windows do; and a smaller one */
  readonly better: number;
  readonly worse: number;
  /** chance of at least so many better ones if both were equally good */
  readonly chance: number;
  readonly chosen: boolean;
}

/**
 * The sets worth a try: not the policy's own, none that slices are not kept for, none longer than the traffic and all that the policy has.
 * @param days length of the traffic
 */
export function windowsToTry(
  own: readonly number[],
  { days, retentionDays }: { readonly days: number; readonly retentionDays: number },
): readonly (readonly number[])[] {
  const longest = Math.min(24 * retentionDays, Math.max(24 * days, ...own));
  const key = (set: readonly number[]): string => [...set].sort((a, b) => a - b).join();
  return WINDOW_SETS.filter((set) => Math.max(...set) <= longest && key(set) !== key(own));
}

/** Accounts that are found or missed together: a campaign is one piece of evidence, however many accounts it has. */
export function unitsOf(
  accounts: readonly { readonly account: string; readonly campaign: string }[],
): readonly (readonly string[])[] {
  const units = new Map<string, string[]>();
  for (const { account, campaign } of accounts) {
    const key = campaign === '' ? `account ${account}` : `campaign ${campaign}`;
    const unit = units.get(key);
    if (unit === undefined) units.set(key, [account]);
    else unit.push(account);
  }
  return [...units.values()];
}

const found = ({ caught }: Tried, unit: readonly string[]): number =>
  unit.filter((account) => caught.has(account)).length;

function against(own: Tried, other: Tried, units: readonly (readonly string[])[]): [number, number] {
  const gains = units.map((unit) => found(other, unit) - found(own, unit));
  return [gains.filter((gain) => gain > 0).length, gains.filter((gain) => gain < 0).length];
}

/**
 * Place of the set to take. The first, which is the policy's own, stays, unless another finds more in so many units that luck, over
 * all tries, has a chance of at most BY_LUCK: the best of several is always somewhat better than it will be.
 */
export function chooseWindows(tried: readonly Tried[], units: readonly (readonly string[])[]): number {
  const [own, ...others] = tried;
  let [best, most] = [0, 0];
  for (const [i, other] of others.entries()) {
    if (own === undefined || signTest(...against(own, other, units)) > BY_LUCK / others.length) continue;
    const gain = units.reduce((sum, unit) => sum + found(other, unit) - found(own, unit), 0);
    if (gain > most) [best, most] = [i + 1, gain];
  }
  return best;
}

/** Who is found where the windows are chosen by all other units: a choice is not measured on what it was made with. */
export function caughtAcross(
  tried: readonly Tried[],
  units: readonly (readonly string[])[],
): ReadonlySet<string> {
  const caught = new Set<string>();
  for (const unit of units) {
    const others = units.filter((other) => other !== unit);
    const choice = tried[chooseWindows(tried, others)];
    for (const account of unit) if (choice?.caught.has(account) === true) caught.add(account);
  }
  return caught;
}

/** All tries beside the first, in words of numbers. */
export function windowTrials(
  tried: readonly Tried[],
  units: readonly (readonly string[])[],
): readonly WindowTrial[] {
  const chosen = chooseWindows(tried, units);
  return tried.map((other, i) => {
    const [better, worse] = against(tried[0] as Tried, other, units);
    return {
      windows: other.windows,
      caught: other.caught.size,
      better,
      worse,
      chance: signTest(better, worse),
      chosen: i === chosen,
    };
  });
}
