import { COMMAND } from '../contract/command.ts';
import { DAY_MS, iso } from '../time.ts';
import type { Notice } from './finding.ts';
import { shellWord } from './sanitize.ts';

/** One thing to do next: by when, what, with which command, and how it is taken back. */
export interface NextStep {
  /** minutes from the notice */
  readonly within: number;
  readonly what: string;
  readonly command: string;
  /** where the answer may be another: the command of that one */
  readonly instead?: string;
  /** how to undo it; undefined where nothing is changed */
  readonly undo: string | undefined;
}

/** What stands in a demo where a command would look up whose account it is: `resolve` of a notice about an account. */
export const NO_KEYS =
  '# not in a demo: the keys of its pseudonyms were thrown away, and nobody is behind them';

const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;
/** Days for which a benign verdict keeps a subject quiet, where nobody says otherwise. */
export const QUIET_DAYS = 30;

/**
 * The last whole day (UTC, YYYY-MM-DD) for which one person may silence a subject from `now` (ms) on: a date counts to its end,
 * and a day later than this would be cut in its middle.
 */
export function lastQuietDay(now: number): string {
  return iso(now + (QUIET_DAYS - 1) * DAY_MS).slice(0, 10);
}

/**
 * What to do next: look, slow down, decide; graduated, each reversible, none taken by this system.
 * @param now processing time, ms, from which dates in commands are counted
 */
export function nextSteps(notice: Notice, now: number): readonly NextStep[] {
  const id = shellWord(notice.finding) ?? 'ID';
  const subject = shellWord(notice.subject.id) ?? 'ID';
  const urgent = notice.level === 'critical';
  const campaign = notice.subject.type === 'campaign';
  const until = lastQuietDay(now);
  const benign = `${COMMAND} triage ${id} --verdict benign --until ${until} --note "why"`;
  const confirmed = `${COMMAND} triage ${id} --verdict confirmed --note "why"`;
  const undo = `${COMMAND} triage ${id} --undo`;
  if (notice.transition === 'calmed' || notice.transition === 'closed')
    return [
      {
        within: 7 * DAY_MINUTES,
        what: 'Record what it was, so that the calibration learns from it.',
        command: confirmed,
        undo,
      },
    ];
  return [
    {
      within: urgent ? 30 : DAY_MINUTES,
      what: campaign
        ? 'Look at the members and what links them; open two or three of the sample events in the gateway log.'
        : 'Look at the evidence; open two or three of the sample events in the gateway log, and find out who it is.',
      command: campaign
        ? `${COMMAND} findings show ${id}`
        : `${COMMAND} resolve ${subject} --keyring keyring.json --accounts accounts.csv`,
      undo: undefined,
    },
    {
      within: urgent ? 4 * HOUR_MINUTES : 3 * DAY_MINUTES,
      what: `If it stands: keep the evidence, then lower the rate limit of ${campaign ? 'the core members' : 'the account'} or ask for verification. Do not block on this notice alone.`,
      command: `${COMMAND} dossier ${id} --out dossier-${id}`,
      undo: 'restore the previous rate limit',
    },
    {
      within: urgent ? 2 * DAY_MINUTES : 7 * DAY_MINUTES,
      what: 'Record the verdict; benign keeps quiet until the date.',
      command: benign,
      instead: confirmed,
      undo,
    },
  ];
}

/** within 30 minutes, within 4 hours, within 3 days */
export function deadline(step: NextStep): string {
  if (step.within < HOUR_MINUTES) return `within ${step.within} minutes`;
  if (step.within < DAY_MINUTES) return `within ${step.within / HOUR_MINUTES} hours`;
  return step.within === DAY_MINUTES ? 'within a day' : `within ${step.within / DAY_MINUTES} days`;
}
