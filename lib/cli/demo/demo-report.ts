import Table from 'cli-table3';
import type picocolors from 'picocolors';
import type { Mail } from '../../emulator/services/inbox.ts';
import type { Finding } from '../../findings/finding.ts';
import { printable } from '../../telemetry/reason.ts';
import { escapeUnsafe } from '../../text/unsafe.ts';

type Colors = ReturnType<typeof picocolors.createColors>;

/** What a run of the demo found and measured; `--json` prints it as it is. */
export interface DemoReport {
  readonly engine: string;
  readonly input: readonly string[];
  readonly counts: DemoCounts;
  readonly suspects: readonly Suspect[];
  /** one notification, as an inbox shows it */
  readonly notification: Pick<Mail, 'subject' | 'text'> | undefined;
  readonly figures: DemoFigures;
  /** what should not have happened: invocations that failed, batches given up, events unaccounted for */
  readonly problems: readonly string[];
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
  readonly since: string;
  readonly reasons: readonly { readonly title: string; readonly evidence: string; readonly points: number }[];
}

/** Findings as rows, campaigns and the most certain first. */
export function suspectsOf(findings: readonly Finding[]): Suspect[] {
  return findings
    .map(
      ({ id, level, notice }): Suspect => ({
        finding: id,
        type: notice.subject.type,
        subject: notice.subject.id,
        members: notice.subject.memberCount,
        level,
        score: notice.score,
        log10E: notice.log10E,
        since: notice.since,
        reasons: [...notice.reasons]
          .sort((a, b) => b.points - a.points)
          .map(({ title, evidence, points }) => ({ title, evidence, points })),
      }),
    )
    .sort(
      (a, b) =>
        Number(b.type === 'campaign') - Number(a.type === 'campaign') ||
        b.log10E - a.log10E ||
        b.score - a.score,
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

const ROWS = 10;
const REASONS = 2;

/** The report for people. `width`: columns of the terminal. */
export function renderReport(report: DemoReport, color: Colors, width: number): string {
  return [
    renderSuspects(report.suspects, color, width),
    renderNotification(report.notification, color, width),
    renderCounts(report.counts, color),
    renderFigures(report.figures, color),
    ...report.problems.map((problem) => color.red(`! ${printable(problem)}`)),
  ].join('\n');
}

function renderSuspects(suspects: readonly Suspect[], color: Colors, width: number): string {
  const title = color.bold(`Suspects (${suspects.length})`);
  if (suspects.length === 0) return `\n${title}\nNo account reached the level suspect.\n`;
  const fixed = [24, 10, 7, 12, 18];
  const last = Math.max(30, width - fixed.reduce((sum, w) => sum + w, 0) - fixed.length - 2);
  const table = new Table({
    head: ['subject', 'level', 'score', 'e-value', 'since', 'top reasons'],
    colWidths: [...fixed, last],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const suspect of suspects.slice(0, ROWS)) {
    table.push([
      `${printable(suspect.subject).slice(0, 20)}${suspect.members ? `\n${suspect.members} accounts` : ''}`,
      suspect.level === 'critical' ? color.red(suspect.level) : color.yellow(suspect.level),
      suspect.score.toFixed(1),
      eValue(suspect.log10E),
      suspect.since.slice(0, 16).replace('T', ' '),
      suspect.reasons
        .slice(0, REASONS)
        .map((reason) => safeLine(reason.evidence))
        .join('\n'),
    ]);
  }
  const more = suspects.length > ROWS ? `\n... and ${suspects.length - ROWS} more (--json has them all)` : '';
  return `\n${title}\n${table.toString()}${more}\n`;
}

/** An e-value: its mean over benign peers is at most 1. */
function eValue(log10E: number): string {
  return log10E < 6 ? Math.round(10 ** log10E).toLocaleString('en-US') : `10^${log10E.toFixed(1)}`;
}

function renderNotification(mail: DemoReport['notification'], color: Colors, width: number): string {
  if (!mail) return `${color.bold('Notification')}\nNone was sent.\n`;
  const rule = color.dim('-'.repeat(Math.min(width, 100)));
  return [
    color.bold('A notification, as an inbox shows it'),
    rule,
    `Subject: ${printable(mail.subject ?? '(none)')}`,
    '',
    // Line by line: its own line breaks stay, everything else that steers a terminal does not.
    ...mail.text.split('\n').map(safeLine),
    rule,
    '',
  ].join('\n');
}

function safeLine(line: string): string {
  return escapeUnsafe(line);
}

const count = (value: number): string => value.toLocaleString('en-US');

function renderCounts(counts: DemoCounts, color: Colors): string {
  return [
    color.bold('Counts'),
    `  events in      ${count(counts.events)}${counts.rejected > 0 ? ` (and ${count(counts.rejected)} lines that were none)` : ''}`,
    `  used           ${count(counts.used)}`,
    `  quarantined    ${count(counts.quarantined)}`,
    `  late           ${count(counts.late)}`,
    `  repeated ids   ${count(counts.repeated)}`,
    `  accounts       ${count(counts.accounts)}`,
    `  findings       ${count(counts.findings)}`,
    `  notifications  ${count(counts.notifications)}`,
    '',
  ].join('\n');
}

function renderFigures(figures: DemoFigures, color: Colors): string {
  const latency = figures.eventToNotificationMs;
  return [
    color.bold('Measured in this run'),
    `  events a second        ${count(Math.round(figures.eventsPerSecond))} (in ${figures.pipelineSeconds.toFixed(1)} s, emulators and functions on this machine)`,
    `  write units an event   ${figures.writeUnitsPerEvent.toFixed(3)} (read units ${figures.readUnitsPerEvent.toFixed(3)})`,
    `  bytes an event         ${figures.streamBytesPerEvent.toFixed(0)} on the stream, compressed`,
    `  event to notification  ${latency ? `${latency.median} ms median, ${latency.p95} ms 95th percentile, of ${latency.count}` : 'no notification'}`,
    `  in all                 ${figures.totalSeconds.toFixed(1)} s (synthesis ${figures.synthesisCached ? 'unchanged' : `${figures.synthesisSeconds.toFixed(1)} s`}, start ${figures.startSeconds.toFixed(1)} s)`,
    '',
  ].join('\n');
}
