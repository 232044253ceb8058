import type picocolors from 'picocolors';
import type { Mail } from '../../emulator/services/inbox.ts';
import type { Finding } from '../../findings/finding.ts';
import { compareFindings } from '../../findings/finding-order.ts';
import { amount, count, plural, wrap } from '../../findings/format.ts';
import { THROTTLE } from '../../findings/notification-throttle.ts';
import { firstReasons } from '../../findings/reason-words.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Level } from '../../scoring/level.ts';
import { printable } from '../../telemetry/reason.ts';
import { escapeUnsafe } from '../../text/unsafe.ts';
import { commandsHere } from '../shared/commands-here.ts';
import { fittedTable } from '../shared/fitted-table.ts';
import { kindInWords, type Story, type StoryKind } from './demo-story.ts';

type Colors = ReturnType<typeof picocolors.createColors>;

/** What a run of the demo found and measured; `--json` prints it as it is. */
export interface DemoReport {
  readonly engine: string;
  readonly input: readonly string[];
  /** what accounts were judged under */
  readonly policy: Pick<Policy, 'id' | 'budget'>;
  readonly counts: DemoCounts;
  /** by the labels of the traffic; undefined where it has none */
  readonly story?: Story;
  readonly suspects: readonly Suspect[];
  /** days of the shipped example that were sent, where it is not all of it */
  readonly excerptDays?: number;
  /** the highest level that exists under the calibration in force, where it is not critical */
  readonly highestLevel?: Level;
  /** findings that a mail of their own was sent about */
  readonly mailed: number;
  /** the finding of most weight, as an inbox shows it; `sent` false: it came in a list of many */
  readonly notification: (Pick<Mail, 'subject' | 'text'> & { readonly sent: boolean }) | undefined;
  readonly figures: DemoFigures;
  /** what should not have happened: invocations that failed, batches given up, events unaccounted for */
  readonly problems: readonly string[];
  /** what to do next, with commands that work as printed */
  readonly next: readonly { readonly command: string; readonly what: string }[];
}

export interface DemoCounts {
  /** lines of input that were not blank */
  readonly lines: number;
  /** lines that are no usage event and no exchange, refused before the stream */
  readonly rejected: number;
  /** events put on the stream */
  readonly events: number;
  readonly used: number;
  readonly quarantined: number;
  readonly late: number;
  /** events whose id had been seen: a client's retry */
  readonly repeated: number;
  readonly accounts: number;
  readonly findings: number;
  readonly notifications: number;
}

export interface DemoFigures {
  readonly synthesisSeconds: number;
  readonly synthesisCached: boolean;
  readonly startSeconds: number;
  /** from the first event put to the last notification */
  readonly pipelineSeconds: number;
  readonly eventsPerSecond: number;
  /** write units that DynamoDB would bill, all tables, by event */
  readonly writeUnitsPerEvent: number;
  readonly readUnitsPerEvent: number;
  /** from the moment when the producer took the deciding event to the publication, milliseconds */
  readonly eventToNotificationMs:
    | { readonly median: number; readonly p95: number; readonly count: number }
    | undefined;
  /** compressed bytes on the stream by event */
  readonly streamBytesPerEvent: number;
  readonly totalSeconds: number;
}

export interface Suspect {
  readonly finding: string;
  readonly type: 'account' | 'campaign';
  readonly subject: string;
  readonly members: number | undefined;
  readonly level: string;
  readonly score: number;
  readonly log10E: number;
  readonly outputTokens: number;
  readonly since: string;
  /** the strongest reason and its number, for a line */
  readonly first: string;
  readonly reasons: readonly { readonly title: string; readonly evidence: string; readonly points: number }[];
}

/** Findings as rows, the most urgent first, then by what they took. */
export function suspectsOf(findings: readonly Finding[]): Suspect[] {
  return [...findings].sort(compareFindings('urgency')).map(
    ({ id, level, notice }): Suspect => ({
      finding: id,
      type: notice.subject.type,
      subject: notice.subject.id,
      members: notice.subject.memberCount,
      level,
      score: notice.score,
      log10E: notice.log10E,
      outputTokens: notice.stake.outputTokens,
      since: notice.since,
      first: firstReasons(notice.reasons)[0],
      reasons: [...notice.reasons]
        .sort((a, b) => b.points - a.points)
        .map(({ title, evidence, points }) => ({ title, evidence, points })),
    }),
  );
}

/** Middle and 95th percentile of what was measured; undefined where nothing was. */
export function spread(values: readonly number[]): DemoFigures['eventToNotificationMs'] {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { median: Math.round(at(0.5)), p95: Math.round(at(0.95)), count: sorted.length };
}

const ROWS = 5;

/** The report for people: the story first. `width`: columns of the terminal. */
export function renderReport(report: DemoReport, color: Colors, width: number): string {
  return [
    renderStory(report, color, width),
    renderSuspects(report.suspects, color, width),
    renderNotification(report, color, width),
    renderCounts(report, color, width),
    renderFigures(report.figures, color, width),
    ...renderProblems(report, color, width),
    renderNext(report, color, width),
  ].join('\n');
}

/** Planted, found, missed, wronged: by the labels that came with the traffic. */
function renderStory(
  { story, counts, excerptDays, highestLevel, policy, suspects }: DemoReport,
  color: Colors,
  width: number,
): string {
  const title = `\n${color.bold('What happened')}`;
  if (story === undefined)
    return [
      title,
      wrap(
        `${count(counts.accounts)} accounts were judged. The traffic has no labels, so nobody can say here who was right: give --labels FILE (account,label,kind,campaign).`,
        width,
      ),
      '',
    ].join('\n');
  const line = (name: string, text: string): string =>
    wrap(text, width, `  ${name.padEnd(9)}`, ' '.repeat(11));
  const kinds = (label: string, of: (held: StoryKind) => number): string =>
    story.kinds
      .filter((held) => held.label === label && of(held) > 0)
      .map((held) => `${printable(held.kind)} ${of(held)} of ${held.accounts}`)
      .join(', ');
  const missed = story.planted - story.found;
  const who = kinds('benign', ({ named }) => named);
  return [
    title,
    ...(excerptDays === undefined
      ? []
      : [
          line(
            'traffic',
            `the first ${excerptDays} days of an example week in March 2026, replayed (demo --all: the whole week). What people do, such as --until below, is of today`,
          ),
        ]),
    line(
      'planted',
      `${count(story.planted)} accounts that collect training data, among ${count(story.ordinary)} ordinary customers`,
    ),
    line(
      'found',
      color.green(`${count(story.found)} of ${count(story.planted)}`) +
        (story.campaigns.planted > 0
          ? `, accounts of ${story.campaigns.found} of ${story.campaigns.planted} campaigns among them`
          : ''),
    ),
    ...(story.campaigns.planted > 0 && !story.campaigns.judged
      ? [line('groups', 'none was judged as a campaign: the shipped calibration knows no honest groups')]
      : []),
    ...(highestLevel === undefined
      ? []
      : [
          line(
            'levels',
            `${highestLevel} is the highest: the calibration has too few accounts to show that anything is as rare as critical must be`,
          ),
        ]),
    line('urgent', urgentWords(suspects, policy)),
    line(
      'missed',
      missed === 0 ? 'nobody' : `${missed}: ${kinds('extraction', (held) => held.accounts - held.named)}`,
    ),
    line(
      'false +',
      story.wronged === 0
        ? `none of the ${count(story.ordinary)} ordinary customers. No promise for yours: the shipped calibration was learnt from traffic of the same maker`
        : `${color.red(`${count(story.wronged)} of ${count(story.ordinary)} ordinary customers`)}: ${who}`,
    ),
    '',
    kindsTable(story, color, width),
    color.dim(
      wrap(
        '* planted, by the labels that came with the traffic. How well it does on yours, backtest measures.',
        width,
      ),
    ),
    '',
  ].join('\n');
}

/** How many findings are critical, how rare that is, and what tells them apart where most of them are. */
function urgentWords(suspects: readonly Suspect[], { id, budget }: DemoReport['policy']): string {
  const critical = suspects.filter(({ level }) => level === 'critical').length;
  const oneIn = (share: number): string => `1 in ${count(Number((1 / share).toPrecision(2)))}`;
  return `${critical} of ${plural(suspects.length, 'finding')} critical. Policy ${id} lets at most ${oneIn(budget.suspect)} ordinary accounts a month reach suspect, ${oneIn(budget.critical)} critical${2 * critical > suspects.length && critical > 1 ? `. Critical says how sure, not how much: ${strongest(suspects)}` : ''}`;
}

/** The volume that whoever has little time begins with: the fewest critical findings that hold half of what all of them took. */
function strongest(suspects: readonly Suspect[]): string {
  const taken = suspects
    .filter(({ level }) => level === 'critical')
    .map(({ outputTokens }) => outputTokens)
    .sort((a, b) => b - a);
  const all = taken.reduce((sum, tokens) => sum + tokens, 0);
  let held = 0;
  const few =
    taken.findIndex((tokens) => {
      held += tokens;
      return 2 * held >= all;
    }) + 1;
  return `${few} of these ${taken.length} ${few === 1 ? 'holds' : 'hold'} half of the ${count(all)} tokens that all took, and ${few === 1 ? 'stands' : 'stand'} first in the lists`;
}

function kindsTable(story: Story, color: Colors, width: number): string {
  return fittedTable(
    [
      { head: 'kind' },
      { head: 'accounts', right: true },
      { head: 'named', right: true },
      { head: 'what they are', min: 12, optional: 1 },
    ],
    [...story.kinds]
      .sort((a, b) => a.label.localeCompare(b.label) * -1 || b.accounts - a.accounts)
      .map((held) => [
        `${held.label === 'benign' ? '  ' : '* '}${printable(held.kind)}`,
        String(held.accounts),
        held.named > 0 && held.label === 'benign' ? color.red(String(held.named)) : String(held.named),
        kindInWords(held.kind),
      ]),
    width,
  );
}

function renderSuspects(suspects: readonly Suspect[], color: Colors, width: number): string {
  const title = color.bold(`Findings (${suspects.length})`);
  if (suspects.length === 0) return `${title}\nNobody reached the level suspect.\n`;
  const grouped = suspects.some(({ members }) => members !== undefined);
  const rows = suspects
    .slice(0, ROWS)
    .map((suspect) => [
      printable(suspect.finding),
      suspect.level === 'critical' ? color.red(suspect.level) : color.yellow(suspect.level),
      amount(suspect.outputTokens),
      ...(grouped ? [suspect.members === undefined ? 'account' : `${suspect.members} accounts`] : []),
      safeLine(suspect.first),
    ]);
  const more =
    suspects.length > ROWS ? `\n${color.dim(`... and ${suspects.length - ROWS} more (findings list)`)}` : '';
  return `${title}\n${fittedTable(
    [
      { head: 'finding' },
      { head: 'level' },
      { head: 'tokens out', right: true, optional: 2 },
      ...(grouped ? [{ head: 'who', optional: 3 }] : []),
      { head: 'first reason', min: 14, optional: 1, wrap: true },
    ],
    rows,
    width,
  )}${more}\n`;
}

function renderNotification(report: DemoReport, color: Colors, width: number): string {
  const { notification: mail, story } = report;
  if (!mail) return `${color.bold('Notification')}\nNone was sent.\n`;
  const rule = color.dim('-'.repeat(Math.min(width, 72)));
  const shown = story?.shown;
  return [
    color.bold(
      mail.sent
        ? 'A notification, as an inbox shows it'
        : 'The finding of most weight, in the words of a notification',
    ),
    ...(shown === undefined
      ? []
      : [
          wrap(
            `By the labels this is ${shown.label === 'benign' ? 'an ordinary customer: a false positive' : 'right'}: ${printable(shown.kind)}${kindInWords(shown.kind) === '' ? '' : `, ${kindInWords(shown.kind)}`}.`,
            width,
          ),
        ]),
    rule,
    `Subject: ${printable(mail.subject ?? '(none)')}`,
    '',
    // Line by line: its own line breaks stay, everything else that steers a terminal does not.
    ...commandsHere(mail.text.trimEnd()).split('\n').map(safeLine),
    rule,
    '',
  ].join('\n');
}

function safeLine(line: string): string {
  return escapeUnsafe(line);
}

/** What should not have happened, and what that means. */
function renderProblems({ problems }: DemoReport, color: Colors, width: number): string[] {
  if (problems.length === 0) return [];
  return [
    color.bold(color.red('Something went wrong (exit code 1)')),
    ...problems.map((problem) => wrap(printable(problem), width, '  - ', '    ')),
    '',
  ];
}

/** Why there are fewer notifications than findings. */
function notificationWords({ mailed, counts }: DemoReport): string {
  const others = counts.notifications - mailed;
  if (counts.findings <= mailed) return '';
  return `: ${mailed} of one finding each${others > 0 ? `, ${others} of many` : ''}. When more than ${THROTTLE.burst} findings open at once, the rest come as one list after ten minutes`;
}

function renderCounts(report: DemoReport, color: Colors, width: number): string {
  const { counts } = report;
  return [
    color.bold('Counts'),
    `  events in      ${count(counts.events)}${counts.rejected > 0 ? ` (and ${count(counts.rejected)} lines that were none)` : ''}`,
    `  used           ${count(counts.used)}`,
    `  quarantined    ${count(counts.quarantined)}`,
    `  late           ${count(counts.late)}`,
    `  repeated ids   ${count(counts.repeated)}`,
    `  accounts       ${count(counts.accounts)}`,
    `  findings       ${count(counts.findings)}`,
    wrap(
      `${count(counts.notifications)}${notificationWords(report)}`,
      width,
      '  notifications  ',
      ' '.repeat(17),
    ),
    '',
  ].join('\n');
}

function renderFigures(figures: DemoFigures, color: Colors, width: number): string {
  const latency = figures.eventToNotificationMs;
  const line = (name: string, text: string): string =>
    wrap(text, width, `  ${name.padEnd(23)}`, ' '.repeat(25));
  return [
    color.bold('Measured in this run'),
    line(
      'events a second',
      `${count(Math.round(figures.eventsPerSecond))}, in ${figures.pipelineSeconds.toFixed(1)} s, emulators and functions on this machine`,
    ),
    line(
      'write units an event',
      `${figures.writeUnitsPerEvent.toFixed(3)}; read units ${figures.readUnitsPerEvent.toFixed(3)}`,
    ),
    line('bytes an event', `${figures.streamBytesPerEvent.toFixed(0)} on the stream, compressed`),
    line(
      'event to notification',
      latency
        ? `${latency.median} ms median, ${latency.p95} ms 95th percentile, of ${latency.count}`
        : 'no notification',
    ),
    line(
      'in all',
      `${figures.totalSeconds.toFixed(1)} s; synthesis ${figures.synthesisCached ? 'unchanged' : `${figures.synthesisSeconds.toFixed(1)} s`}, start ${figures.startSeconds.toFixed(1)} s`,
    ),
    '',
  ].join('\n');
}

/** Commands that work as printed: where the demo ends with this report, those that start one that stays. */
function renderNext({ next }: DemoReport, color: Colors, width: number): string {
  if (next.length === 0) return '';
  return [
    color.bold('Next'),
    ...next.map(({ command, what }) => `  ${command}\n${wrap(what, width, '      ')}`),
    '',
  ].join('\n');
}
