import { asTyped, COMMAND } from '../contract/command.ts';
import { DISPOSITION_WORDS } from '../findings/disposition-words.ts';
import type { AuditEntry, Finding, Notice } from '../findings/finding.ts';
import { when } from '../findings/format.ts';
import { headline, summary } from '../findings/headline.ts';
import { deadline, type NextStep, NO_KEYS, nextSteps } from '../findings/next-steps.ts';
import { rarityWords, significanceText } from '../findings/significance-text.ts';
import { strongReasons } from '../findings/strong-reasons.ts';
import { stakeWords } from '../findings/views/email.ts';
import { type Calibration, SPREAD_AT } from '../scoring/calibration.ts';

/** Where an account stands among its peers in one fact: quantiles of the peers, and the account's own value. */
export interface FactPlace {
  readonly signal: string;
  readonly title: string;
  readonly evidence: string;
  readonly value: number;
  /** how rare it is among the peers, in the words of the mail */
  readonly rarity: string;
  /** values of the peers at `at`, ascending; empty where the calibration does not know them */
  readonly spread: readonly number[];
  readonly at: readonly number[];
  /** whose spread it is */
  readonly group: string;
}

/** One thing that happened to a finding, for its course. */
export interface FindingEvent {
  /** ms; event time of what the detector said, processing time of what people did */
  readonly at: number;
  readonly by: 'detector' | 'person';
  readonly what: string;
  readonly level: string;
  readonly detail: string;
}

/** A step with its deadline in words. */
export interface ConsoleStep extends NextStep {
  readonly deadline: string;
}

/** One finding in full, as the console's page shows it. */
export interface FindingView {
  readonly finding: Finding;
  readonly headline: string;
  readonly summary: string;
  readonly sure: readonly string[];
  readonly stake: string;
  readonly places: readonly FactPlace[];
  readonly events: readonly FindingEvent[];
  readonly audit: readonly AuditEntry[];
  /** until when notifications on the subject are suppressed; empty: they are not */
  readonly quietUntil: string;
  readonly steps: readonly ConsoleStep[];
  /** whether the account has a course of its score, of a backtest */
  readonly account: number | undefined;
}

export interface FindingViewOf {
  readonly finding: Finding;
  readonly audit: readonly AuditEntry[];
  readonly quietUntil: string | undefined;
  readonly calibration: Calibration;
  /** how commands begin that work as printed */
  readonly command: string;
  /** of a demo, whose accounts nobody can look up */
  readonly demo: boolean;
  /** processing time, ms */
  readonly processing: number;
  readonly account: number | undefined;
}

export function findingView(of: FindingViewOf): FindingView {
  const { finding, audit, calibration, command } = of;
  const { notice } = finding;
  const { sentence, urgency, promise, place, evidence, limits, oneByOne } = significanceText(notice);
  return {
    finding,
    headline: headline(notice),
    summary: summary(notice),
    sure: [
      `${sentence} ${urgency}`.trimEnd(),
      place,
      promise,
      evidence,
      ...(oneByOne === undefined ? [] : [oneByOne]),
      limits,
    ],
    stake: stakeWords(notice),
    places: strongReasons(notice).map((reason) => placeOf(reason, notice, calibration)),
    events: courseOf(finding, audit),
    audit,
    quietUntil: of.quietUntil ?? '',
    steps: nextSteps(notice, of.processing).map((step) => ({
      ...step,
      deadline: deadline(step),
      command:
        of.demo && step.command.startsWith(`${COMMAND} resolve `) ? NO_KEYS : asTyped(step.command, command),
      ...(step.instead === undefined ? {} : { instead: asTyped(step.instead, command) }),
      undo: step.undo === undefined ? undefined : asTyped(step.undo, command),
    })),
    account: of.account,
  };
}

function placeOf(
  { signal, title, evidence, value, p }: Notice['reasons'][number],
  notice: Notice,
  { spread }: Calibration,
): FactPlace {
  const { window, subject } = notice;
  const byGroup = spread[String(window.hours)]?.[signal] ?? {};
  const group = [subject.product, 'everyone'].find((name) => Object.hasOwn(byGroup, name));
  return {
    signal,
    title,
    evidence,
    value,
    rarity: rarityWords(p, notice),
    spread: group === undefined ? [] : (byGroup[group] ?? []),
    at: SPREAD_AT,
    group: group === undefined ? '' : group === 'everyone' ? 'all accounts' : group,
  };
}

/** What the detector said and what people did, in order of its own clock. */
function courseOf({ history, notice }: Finding, audit: readonly AuditEntry[]): FindingEvent[] {
  const said = history.map(
    ({ transition, level, at, fate }): FindingEvent => ({
      at: Date.parse(at),
      by: 'detector',
      what: transition,
      level,
      detail: fate === undefined ? '' : DISPOSITION_WORDS[fate],
    }),
  );
  const began: FindingEvent = {
    at: Date.parse(notice.since),
    by: 'detector',
    what: 'behaviour seen since',
    level: 'clear',
    detail: '',
  };
  const done = audit.map(
    ({ at, by, action, after, note }): FindingEvent => ({
      at: Date.parse(at),
      by: 'person',
      what:
        action === 'assign'
          ? after.owner === undefined
            ? 'assigned to nobody'
            : `assigned to ${after.owner}`
          : action === 'note'
            ? 'note'
            : `${action === 'undo' ? 'verdict taken back' : (after.verdict?.verdict ?? '')}, ${after.state}${after.verdict?.until === undefined || action === 'undo' ? '' : ` until ${when(after.verdict.until)}`}`,
      level: '',
      detail: `${by}${note === undefined ? '' : `: ${note}`}`,
    }),
  );
  return [...(began.at < (said[0]?.at ?? 0) ? [began] : []), ...said, ...done];
}
