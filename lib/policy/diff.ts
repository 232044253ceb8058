import type { Calibration } from '../scoring/calibration.ts';
import { type CalibrationSize, supportedBudget, unsupported } from '../scoring/supported-budget.ts';
import { type Budget, budgetFor, type Policy } from './policy.ts';

/** One difference between two policies, with what it does. */
export interface PolicyChange {
  readonly field: string;
  readonly before: string;
  readonly after: string;
  /** one sentence, with numbers */
  readonly effect: string;
}

const LEVELS = ['watch', 'suspect', 'critical'] as const;
const TEN_THOUSAND = 10_000;

const plain = (value: unknown): string =>
  value === undefined
    ? 'not set'
    : typeof value === 'object'
      ? JSON.stringify(value)
      : typeof value === 'number'
        ? String(Number(value.toPrecision(6)))
        : String(value);
const count = (value: number): string => Number(value.toPrecision(3)).toString();
const times = (ratio: number): string =>
  ratio >= 1 ? `${count(ratio)} times as many` : `${count(1 / ratio)} times fewer`;

/** A field that is compared as a whole, and what a change of it does, in one sentence. */
interface WholeField {
  readonly field: keyof Policy;
  readonly effect: (before: Policy, after: Policy) => string;
}

/** In the order of a list of changes: before budgets, behind them, and behind exceptions. */
const FIRST: readonly WholeField[] = [
  {
    field: 'calibration',
    effect: () =>
      'Scores are compared with the peers of another calibration from the next event on; present levels are kept until the evidence is below the threshold for calmHours.',
  },
  { field: 'windows', effect: windowEffect },
];
const TIMES: readonly WholeField[] = [
  {
    field: 'calmHours',
    effect: (before, after) =>
      after.calmHours > before.calmHours
        ? 'Levels are held longer after the behaviour ends.'
        : 'Levels are left sooner after the behaviour ends; an account on the edge may come and go.',
  },
  {
    field: 'cooldownHours',
    effect: () =>
      'Updates of an open finding come at most once in so many hours; escalations are notified at once.',
  },
  {
    field: 'allowedLatenessHours',
    effect: (before, after) =>
      after.allowedLatenessHours < before.allowedLatenessHours
        ? 'Events that come later than that are archived but no longer scored.'
        : 'Later events are still scored; slices stay open longer.',
  },
  {
    field: 'permittedSkewSeconds',
    effect: () => "How far an account's watermark may run ahead of arrival.",
  },
  {
    field: 'sealAfterHours',
    effect: () => 'When slices leave the hot item: smaller items against more parts. Scores do not change.',
  },
  {
    field: 'retentionDays',
    effect: (before, after) =>
      after.retentionDays < before.retentionDays
        ? 'Older slices and idle profiles expire with their next write; what is gone does not come back.'
        : 'Slices that are written from now on are kept longer; what has expired does not come back.',
  },
];
const LAST: readonly WholeField[] = [
  { field: 'prices', effect: () => 'What is shown to be at stake; scores do not change.' },
  {
    field: 'campaigns',
    effect: (_, { campaigns }) =>
      campaigns.enabled
        ? `At most ${count(campaigns.budget)} false campaigns a month are expected, of ${campaigns.smallest} accounts or more.`
        : 'Linked accounts are no longer judged together: patient campaigns go unseen.',
  },
  { field: 'notifications', effect: (_, after) => routesEffect(after.notifications.routes) },
];

/** What differs between two policies, in words and numbers. The id alone is no change of behaviour and is left out. */
export function policyChanges(before: Policy, after: Policy, size?: CalibrationSize): PolicyChange[] {
  const changes: PolicyChange[] = [];
  const add: Add = (field, was, is, effect) => {
    if (JSON.stringify(was) !== JSON.stringify(is))
      changes.push({ field, before: plain(was), after: plain(is), effect });
  };
  const addWhole = (fields: readonly WholeField[]): void => {
    for (const { field, effect } of fields) add(field, before[field], after[field], effect(before, after));
  };
  addWhole(FIRST);
  // the two are compared as they are in force where one calibration serves both
  const serves = before.calibration === after.calibration ? size : undefined;
  budgets('budget', [before.budget, after.budget], serves, add);
  for (const group of [
    ...new Set([...Object.keys(before.peerGroups), ...Object.keys(after.peerGroups)]),
  ].sort())
    budgets(
      `peerGroups.${group}`,
      [budgetFor(before, chain(group)), budgetFor(after, chain(group))],
      serves,
      add,
    );
  addWhole(TIMES);
  exceptionChanges(before, after, add);
  addWhole(LAST);
  return changes;
}

function routesEffect(routes: Policy['notifications']['routes']): string {
  if (routes.length === 0) return 'Every finding is sent at once to all subscribers. Scores do not change.';
  const digest = routes.filter(({ delivery }) => delivery === 'digest').map(({ name }) => name);
  return `Findings carry the name of the first route that fits (${routes.map(({ name }) => name).join(', ')})${digest.length === 0 ? '' : `; those of ${digest.join(', ')} wait for the day's digest`}. Subscriptions must filter by it; scores do not change.`;
}

type Add = (field: string, before: unknown, after: unknown, effect: string) => void;

function chain(group: string): string[] {
  const parts = group.split('/');
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('/'));
}

function budgets(
  field: string,
  [before, after]: readonly [Budget, Budget],
  size: CalibrationSize | undefined,
  add: Add,
): void {
  const was = size === undefined ? before : supportedBudget(size, before);
  const is = size === undefined ? after : supportedBudget(size, after);
  for (const level of LEVELS) {
    const raised = was[level] !== before[level] || is[level] !== after[level];
    const floor =
      size === undefined || !raised
        ? ''
        : ` The calibration supports no less than ${count(supportedBudget(size, after).least * TEN_THOUSAND)}: these are the budgets in force.`;
    add(
      `${field}.${level}`,
      before[level],
      after[level],
      `${budgetEffect(level, was[level], is[level])}${floor}`,
    );
  }
}

/** What a budget in force does instead of another; undefined: the calibration does not support the level. */
function budgetEffect(level: string, was: number | undefined, is: number | undefined): string {
  if (is === undefined)
    return was === undefined
      ? `No effect: ${level} could not be reached before and cannot be now.`
      : `${level} cannot be reached any more.`;
  const most = `Of ${TEN_THOUSAND.toLocaleString('en-US')} benign accounts at most ${count(is * TEN_THOUSAND)} a month reach ${level}`;
  if (was === undefined) return `${most}, which could not be reached before.`;
  return was === is
    ? `No effect: ${most.charAt(0).toLowerCase()}${most.slice(1)}, as before.`
    : `${most} instead of ${count(was * TEN_THOUSAND)} (${times(is / was)}).`;
}

function windowEffect(before: Policy, after: Policy): string {
  const added = after.windows.filter((hours) => !before.windows.includes(hours));
  const gone = before.windows.filter((hours) => !after.windows.includes(hours));
  const parts: string[] = [];
  if (added.length > 0) {
    parts.push(
      `Windows of ${added.join(' and ')} hours are read from the slices that are stored, so they are whole at once`,
    );
    const longest = Math.max(...before.windows);
    if (Math.max(...added) > longest && before.retentionDays * 24 < Math.max(...added))
      parts[0] += `, but slices older than ${before.retentionDays} days have expired: the window fills until then`;
    parts[0] += '.';
  }
  if (gone.length > 0) parts.push(`Windows of ${gone.join(' and ')} hours are no longer scored.`);
  return parts.join(' ');
}

function exceptionChanges(before: Policy, after: Policy, add: Add): void {
  const was = new Map(before.exceptions.map((held) => [held.account, held]));
  const is = new Map(after.exceptions.map((held) => [held.account, held]));
  for (const account of new Set([...was.keys(), ...is.keys()])) {
    const until = is.get(account)?.until;
    add(
      `exceptions.${account}`,
      was.get(account)?.until,
      until,
      until === undefined
        ? 'People are notified of its findings again.'
        : `Its findings are recorded, and notifications are suppressed until ${until}.`,
    );
  }
}

/**
 * What a policy asks of a calibration that the calibration cannot give, in words; empty where they fit. The policy
 * still runs: what is unknown abstains, it does not alarm.
 */
export function policyWarnings(held: Policy, calibration: Calibration): string[] {
  const found: string[] = [];
  for (const hours of held.windows)
    if (!calibration.windows.includes(hours))
      found.push(
        `calibration ${calibration.id} knows no window of ${hours} hours: nothing is scored in it. Calibrate with this policy (siphonwatch calibrate --policy FILE).`,
      );
  if (calibration.foreign)
    found.push(
      `calibration ${calibration.id} was learnt from the traffic of somebody else: whether its false-positive rates hold here is not known. Learn your own (siphonwatch calibrate).`,
    );
  for (const line of unsupported(calibration, held.budget))
    found.push(`calibration ${calibration.id}: ${line}.`);
  return found;
}
