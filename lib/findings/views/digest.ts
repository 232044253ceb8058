import { COMMAND } from '../../contract/command.ts';
import type { DigestMessage, Row } from '../digest-message.ts';
import { amount, count, plural, when, wrap } from '../format.ts';
import { shortId } from '../headline.ts';
import { ascii, defanged, shellWord, unmarked } from '../sanitize.ts';
import { type ChatMessage, chatMessage } from './chat.ts';
import { COLUMNS, type Email, SUBJECT_MAX } from './email.ts';
import { sanitized } from './json.ts';
import { SMS_MAX } from './sms.ts';

const LIST = `${COMMAND} findings list`;

function levels(held: DigestMessage): string {
  return ['critical', 'suspect', 'watch', 'clear']
    .filter((level) => (held.byLevel[level] ?? 0) > 0)
    .map((level) => `${count(held.byLevel[level] ?? 0)} ${level}`)
    .join(', ');
}

export function digestHeadline(held: DigestMessage): string {
  switch (held.kind) {
    case 'storm':
      return 'many findings are opening at once; lists follow';
    case 'storm-list':
      return `${plural(held.total, 'finding')} opened at once, listed here (${levels(held)})`;
    case 'digest':
      return `digest: ${plural(held.total, 'update')} on ${plural(new Set(held.rows.map((row) => row.finding)).size, 'finding')}`;
  }
}

function lead(held: DigestMessage): string {
  switch (held.kind) {
    case 'storm':
      return 'More findings are opening than a person can read one by one. Each one is recorded; none is lost. Until fewer open, they come as lists: the first in ten minutes, then every hour. Many at once can be one campaign, a change in the traffic, or a calibration that no longer fits. Look at the newest ones first.';
    case 'storm-list':
      return `From ${when(held.from)} to ${when(held.to)}: ${plural(held.total, 'finding')} without a message of their own. The most urgent first.`;
    case 'digest':
      return `What changed on open findings from ${when(held.from)} to ${when(held.to)}. Nothing here was urgent.`;
  }
}

function line(held: Row): string {
  const size = held.members === undefined ? '' : `, ${count(held.members)} accounts`;
  const what =
    held.ended === undefined ? held.transition : `continues, suppressed until ${held.ended.slice(0, 10)},`;
  return `${held.level} ${what} ${held.type} ${shortId(defanged(held.subject, 60))}${size}, ${amount(held.outputTokens)} tokens out, ${defanged(held.reason, 80)}`;
}

export function digestEmail(held: DigestMessage): Email {
  const rows = held.rows.map((row, i) =>
    [wrap(line(row), COLUMNS, `${i + 1}. `, '   '), `   ${shellWord(row.finding) ?? ''}`].join('\n'),
  );
  const more = held.total - held.rows.length;
  return {
    subject: ascii(`[siphonwatch] ${digestHeadline(held)}`, SUBJECT_MAX),
    text: `${[
      wrap(lead(held), COLUMNS),
      ...(rows.length === 0 ? [] : [rows.join('\n')]),
      ...(more > 0 ? [`and ${count(more)} more: ${LIST}`] : []),
      ...(held.review === undefined ? [] : [held.review.map((said) => wrap(said, COLUMNS)).join('\n')]),
      `DO NEXT\n1. See them all, newest first:\n   ${LIST}\n2. Open one:\n   ${COMMAND} findings show ID`,
    ].join('\n\n')}\n`,
  };
}

export function digestJson(held: DigestMessage): object {
  return {
    schema: 'siphonwatch.bulletin/1',
    headline: digestHeadline(held),
    ...(sanitized(held) as object),
  };
}

export function digestSms(held: DigestMessage): string {
  return ascii(`Siphonwatch: ${digestHeadline(held)}. ${LIST}`, SMS_MAX);
}

export function digestChat(held: DigestMessage): ChatMessage {
  const rows = held.rows
    .slice(0, 10)
    .map((row, i) => `${i + 1}. *${row.level}* ${unmarked(line(row).slice(row.level.length + 1), 200)}`);
  const more = held.total - rows.length;
  return chatMessage({
    id: held.deliveryId,
    thread: held.thread,
    title: digestHeadline(held),
    description: [
      lead(held),
      ...rows,
      ...(more > 0 ? [`and ${count(more)} more`] : []),
      ...(held.review ?? []),
    ],
    nextSteps: [`See them all: \`${LIST}\``],
    keywords: ['Siphonwatch', held.kind],
    eventType: held.kind,
    resources: held.rows.slice(0, 10).map((row) => row.finding),
    context: { deliveryId: held.deliveryId, total: String(held.total) },
  });
}
