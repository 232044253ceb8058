import Table from 'cli-table3';
import { type AuditEntry, type Finding, stateAt } from '../../findings/finding.ts';
import { amount, count, duration, when } from '../../findings/format.ts';
import { csvCell, plain } from '../../findings/sanitize.ts';
import { email } from '../../findings/views/email.ts';
import { colours } from '../shared/colours.ts';

const PAINT = {
  critical: colours.red,
  suspect: colours.yellow,
  watch: colours.cyan,
  clear: colours.dim,
};

/** For people at a terminal. */
export function findingTable(
  findings: readonly Finding[],
  more: boolean,
  state: string,
  now: number,
): string {
  if (findings.length === 0) return `No ${state === 'all' ? '' : `${state} `}findings.`;
  const table = new Table({
    head: ['finding', 'level', 'state', 'since', 'who', 'tokens out', 'verdict', 'first reason'],
    style: { head: [], border: [], compact: true },
    chars: {
      mid: '',
      'left-mid': '',
      'mid-mid': '',
      'right-mid': '',
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      right: '',
      middle: ' ',
    },
    colAligns: ['left', 'left', 'left', 'left', 'left', 'right', 'left', 'left'],
  });
  for (const held of findings) {
    const { notice } = held;
    const members = notice.subject.memberCount;
    table.push([
      plain(held.id, 40),
      PAINT[held.level](held.level),
      stateAt(held, now),
      when(held.openedAt).slice(0, 16),
      members === undefined ? plain(notice.subject.plan, 16) : `${count(members)} accounts`,
      amount(notice.stake.outputTokens),
      held.verdict?.verdict ?? '',
      plain(notice.reasons[0]?.title ?? '', 44),
    ]);
  }
  return `${table.toString()}${more ? `\nThere are more: --limit ${findings.length * 4}, or --state, --level.` : ''}`;
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

/** One finding in full: its e-mail, history, explanations, state, and who changed what. */
export function findingInFull(
  finding: Finding,
  audit: readonly AuditEntry[],
  quietUntil: string | undefined,
  now: number,
): string {
  const { notice } = finding;
  const { subject, text } = email(notice, now);
  const lines = [colours.bold(subject), '', text.trimEnd(), '', 'HISTORY'];
  for (const entry of finding.history)
    lines.push(
      `${when(entry.at)}  ${entry.transition} at ${entry.level}${entry.fate === undefined ? '' : ` (${FATE_WORDS[entry.fate]})`}`,
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
  const idle = now - Date.parse(finding.updatedAt);
  lines.push(
    '',
    'STATE',
    `${stateAt(finding, now)}, highest ${finding.highest}, last change ${duration(idle)} ago${quiet}`,
  );
  if (audit.length > 0) lines.push('', 'WHO CHANGED WHAT');
  for (const entry of audit)
    lines.push(
      `${when(entry.at)}  ${plain(entry.by, 60)}${entry.claimed === undefined ? '' : `, who says: ${plain(entry.claimed, 40)}`}: ${entry.action === 'undo' ? 'undo, ' : ''}${wordsOf(entry.before)} -> ${wordsOf(entry.after)}${entry.note === undefined ? '' : `: ${plain(entry.note, 400)}`}`,
    );
  return lines.join('\n');
}

const FATE_WORDS = {
  told: 'notified at once',
  digest: "in the day's digest",
  storm: 'in a list of many',
  quiet: 'suppressed',
  shadow: 'shadow policy',
} as const;

function wordsOf(side: AuditEntry['before']): string {
  const { state, verdict } = side;
  if (verdict === undefined) return state;
  return `${verdict.verdict}${verdict.until === undefined ? '' : ` until ${verdict.until.slice(0, 10)}`} (${state})`;
}
