import { DISPOSITION_WORDS } from '../../findings/disposition-words.ts';
import { type AuditEntry, type Finding, stateAt } from '../../findings/finding.ts';
import { amount, count, duration, when } from '../../findings/format.ts';
import { firstReasons } from '../../findings/reason-words.ts';
import { csvCell, plain } from '../../findings/sanitize.ts';
import { email } from '../../findings/views/email.ts';
import { colours } from '../shared/colours.ts';
import { commandsHere } from '../shared/commands-here.ts';
import { type Column, fittedTable } from '../shared/fitted-table.ts';

const PAINT = {
  critical: colours.red,
  suspect: colours.yellow,
  watch: colours.cyan,
  clear: colours.dim,
};

/** A finding in the list, and how deep: members stand below their campaign. */
export interface ListRow {
  readonly held: Finding;
  readonly below: boolean;
}

const LIST: readonly Column[] = [
  { head: 'finding' },
  { head: 'level' },
  { head: 'state' },
  { head: 'age', right: true },
  { head: 'verdict', optional: 1, sparse: true },
  { head: 'tokens out', right: true, optional: 2 },
  { head: 'who', min: 5, optional: 3 },
  { head: 'first reason', min: 40, below: true },
];

/** For people at a terminal. @param width columns of the terminal */
export function findingTable(
  rows: readonly ListRow[],
  more: string | undefined,
  now: number,
  width?: number,
): string {
  const cells = rows.map(({ held, below }) => {
    const { notice } = held;
    const members = notice.subject.memberCount;
    return [
      `${below ? '  ' : ''}${plain(held.id, 200)}`,
      PAINT[held.level](held.level),
      stateAt(held, now),
      age(now - Date.parse(held.openedAt)),
      held.verdict?.verdict ?? '',
      amount(notice.stake.outputTokens),
      members === undefined ? plain(notice.subject.plan, 16) : `${count(members)} accounts`,
      plain(firstReasons(notice.reasons)[0], 70),
    ];
  });
  return [fittedTable(LIST, cells, width), ...(more === undefined ? [] : [more])].join('\n');
}

/** 40 min, 7 h, 12 d */
export function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} d`;
}

const COLUMNS = [
  'finding',
  'type',
  'subject',
  'level',
  'highest',
  'state',
  'opened',
  'updated',
  'score',
  'log10E',
  'outputTokens',
  'plan',
  'verdict',
  'by',
  'note',
];

/** For spreadsheets: every cell quoted, none a formula. */
export function findingsCsv(findings: readonly Finding[], now: number): string {
  const lines = findings.map((held) =>
    [
      held.id,
      held.notice.subject.type,
      held.notice.subject.id,
      held.level,
      held.highest,
      stateAt(held, now),
      held.openedAt,
      held.updatedAt,
      String(held.notice.score),
      String(held.notice.log10E),
      String(held.notice.stake.outputTokens),
      held.notice.subject.plan,
      held.verdict?.verdict ?? '',
      held.verdict?.by ?? '',
      held.verdict?.note ?? '',
    ]
      .map((cell) => csvCell(cell))
      .join(','),
  );
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

/** What time it is: for findings, whose traffic may be old, and for people, ms. */
export interface Clocks {
  readonly now: number;
  readonly processing: number;
  /** a demo replays old traffic: its clock is not today's */
  readonly replayed: boolean;
}

/** One finding in full: its e-mail, history, explanations, state, and who changed what. */
export function findingInFull(
  finding: Finding,
  audit: readonly AuditEntry[],
  quietUntil: string | undefined,
  { now, processing, replayed }: Clocks,
): string {
  const { notice } = finding;
  const { subject, text } = email(notice, processing);
  const lines = [colours.bold(subject), '', commandsHere(text.trimEnd(), replayed), '', 'HISTORY'];
  for (const entry of finding.history)
    lines.push(
      `${when(entry.at)}  ${entry.transition} at ${entry.level}${entry.fate === undefined ? '' : ` (${DISPOSITION_WORDS[entry.fate]})`}`,
    );
  const { members = [] } = notice.subject;
  if (members.length > 0) lines.push('', 'MEMBERS');
  for (const held of members)
    lines.push(
      `${plain(held.account, 40)}  ${plain(held.role, 12).padEnd(9)} ${count(held.events).padStart(9)} requests ${amount(held.outputTokens).padStart(12)} tokens out  ${held.links.map((kind) => plain(kind, 30)).join(', ')}`,
    );
  lines.push('', 'EXPLANATIONS IN FULL');
  for (const held of notice.explanations)
    lines.push(
      `${held.fits ? 'fits    ' : 'does not'}  ${plain(held.title, 60)}: ${plain(held.because, 240)}`,
    );
  const quiet = quietUntil === undefined ? '' : `; notifications suppressed until ${when(quietUntil)}`;
  const idle = duration(now - Date.parse(finding.updatedAt));
  lines.push(
    '',
    'STATE',
    `${stateAt(finding, now)}, highest ${finding.highest}${finding.owner === undefined ? '' : `, owner ${plain(finding.owner, 60)}`}, the detector's last word ${idle} ago${replayed ? " by the demo's clock" : ''}${quiet}`,
    ...(replayed
      ? [
          `The traffic is replayed: by the demo's clock it is ${when(new Date(now).toISOString())}. What people do, and --until, is of today.`,
        ]
      : []),
  );
  if (audit.length > 0) lines.push('', 'WHO CHANGED WHAT');
  for (const entry of audit)
    lines.push(
      `${when(entry.at)}  ${plain(entry.by, 60)}${entry.claimed === undefined ? '' : `, who says: ${plain(entry.claimed, 40)}`}: ${changeWords(entry)}${entry.note === undefined ? '' : `: ${plain(entry.note, 400)}`}`,
    );
  return lines.join('\n');
}

function changeWords({ action, before, after }: AuditEntry): string {
  if (action === 'note') return 'note';
  if (action === 'assign')
    return after.owner === undefined ? 'assigned to nobody' : `assigned to ${plain(after.owner, 60)}`;
  return `${action === 'undo' ? 'undo, ' : ''}${wordsOf(before)} -> ${wordsOf(after)}`;
}

function wordsOf(side: AuditEntry['before']): string {
  const { state, verdict } = side;
  if (verdict === undefined) return state;
  return `${verdict.verdict}${verdict.until === undefined ? '' : ` until ${verdict.until.slice(0, 10)}`} (${state})`;
}
