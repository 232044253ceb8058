import type { Rendered } from '../../lib/findings/publication.ts';
import { CHAT_MAX, type ChatMessage } from '../../lib/findings/views/chat.ts';
import { COLUMNS, type Email, SUBJECT_MAX } from '../../lib/findings/views/email.ts';
import { MESSAGE_MAX } from '../../lib/findings/views/json.ts';
import { SMS_MAX } from '../../lib/findings/views/sms.ts';
import { IMPORT_MAX } from '../../lib/stores/security-hub.ts';
import { faults } from './schemas.ts';

/**
 * What holds of every document that leaves the system, whatever names are in it: each law returns its faults, in words.
 * The property tests hold hostile names to them, `npm run bench:documents` recorded traffic.
 */

/** Everything but the line feeds that a view sets itself. */
export const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u;
/** Half a pair of surrogates. */
export const BROKEN = /\p{Cs}/u;
/** What a mail or chat program would turn into a link by itself. */
const LINKS = [/[a-z][a-z0-9+.-]*:\/\//i, /\b(javascript|mailto|data|file|tel):\S/i, /\bwww\./i];
/** Bytes that the attributes of a message, and the escaping of documents in it, may take. */
const ATTRIBUTE_ROOM = 8 * 1024;

type Law = readonly [broken: boolean, fault: string];
const broken = (...laws: readonly Law[]): string[] => laws.filter(([held]) => held).map(([, fault]) => fault);

export function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(strings);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(strings);
  return [];
}

export function linkFaults(text: string): string[] {
  return LINKS.flatMap((link) => text.match(link) ?? []).map((found) => `becomes a link: ${found}`);
}

function lineFaults(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => INVISIBLE.test(line) || BROKEN.test(line))
    .map((line) => `invisible or broken character in ${JSON.stringify(line)}`);
}

/** Commands stand alone and whole, and so does a word that is longer than half a line. */
function isLong(line: string): boolean {
  if (line.length <= COLUMNS || /siphonwatch /.test(line)) return false;
  return line.split(' ').every((word) => word.length <= COLUMNS / 2);
}

export function emailFaults({ subject, text }: Email): string[] {
  return [
    ...broken(
      [!/^[\x20-\x7e]+$/.test(subject), 'subject is not one line of ASCII'],
      [subject.length > SUBJECT_MAX, `subject has ${subject.length} characters`],
      [/[@＠]/.test(text), 'holds an at sign'],
      [Buffer.byteLength(text) >= 16_000, `has ${Buffer.byteLength(text)} bytes`],
    ),
    ...linkFaults(subject),
    ...linkFaults(text),
    ...lineFaults(text),
    ...text
      .split('\n')
      .filter(isLong)
      .map((line) => `line of ${line.length} columns`),
  ];
}

export function smsFaults(text: string): string[] {
  return [
    ...broken(
      [!/^[\x20-\x7e]+$/.test(text), 'is not one line of ASCII'],
      [/[|^{}~\\`[\]]/.test(text), 'has a character that is two in GSM'],
      [text.length > SMS_MAX, `has ${text.length} characters`],
    ),
    ...linkFaults(text),
  ];
}

/** Our own markup taken out: bold labels and commands in code spans. */
export function withoutOwnMarkup(text: string): string {
  return text
    .replace(/`siphonwatch [^`\n]*`/g, '')
    .replace(/`[A-Za-z0-9._:-]+`/g, '')
    .replace(/\*[A-Za-z0-9 ]+\*/g, '');
}

export function chatFaults(card: ChatMessage): string[] {
  const { title, description, nextSteps, keywords } = card.content;
  return [
    ...faults('chat', card),
    ...broken([
      description.length > CHAT_MAX.description,
      `description has ${description.length} characters`,
    ]),
    ...[title, description, ...nextSteps, ...keywords].flatMap((text) => {
      const rest = withoutOwnMarkup(text);
      return [
        ...linkFaults(text),
        ...lineFaults(text),
        ...(rest.match(/[<>@＠[\]`*~|#\\&]|\b_|_\b|__/g) ?? []).map((found) => `markup: ${found}`),
        ...(rest.match(/:[a-z0-9_+-]+:/gi) ?? []).map((found) => `emoji: ${found}`),
      ];
    }),
  ];
}

function inertFaults(document: unknown): string[] {
  return strings(document)
    .filter((text) => INVISIBLE.test(text) || BROKEN.test(text))
    .map((text) => `invisible or broken character in ${JSON.stringify(text)}`);
}

export function ocsfFaults(event: object): string[] {
  const bytes = Buffer.byteLength(JSON.stringify(event));
  return [
    ...faults('ocsf', event),
    ...inertFaults(event),
    ...broken([bytes >= MESSAGE_MAX, `has ${bytes} bytes`]),
  ];
}

export function asffFaults(finding: object): string[] {
  const bytes = Buffer.byteLength(JSON.stringify(finding));
  return [
    ...faults('asff', finding),
    ...inertFaults(finding),
    ...broken([bytes > IMPORT_MAX.findingBytes, `has ${bytes} bytes`]),
  ];
}

/** A message to the topic, in all its forms, which together have to fit: nothing may have to be cut. */
export function messageFaults({ subject, texts, attributes }: Rendered): string[] {
  const bytes = Buffer.byteLength(JSON.stringify(texts));
  const names = (what: string, found: readonly string[]) => found.map((fault) => `${what}: ${fault}`);
  return [
    ...names('e-mail', emailFaults({ subject, text: texts.email })),
    ...names('SMS', smsFaults(texts.sms)),
    ...names('chat', chatFaults(JSON.parse(texts.https) as ChatMessage)),
    ...names('JSON', inertFaults(JSON.parse(texts.default))),
    ...broken(
      [bytes > MESSAGE_MAX - ATTRIBUTE_ROOM, `all forms together have ${bytes} bytes`],
      [Object.keys(attributes).length > 10, 'more than ten attributes'],
    ),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      broken(
        [value === '', `attribute ${name} is empty`],
        [typeof value === 'string' && INVISIBLE.test(value), `attribute ${name} is not inert`],
      ),
    ),
  ];
}

/** A page that stands alone: nothing runs, nothing is fetched, nothing can be clicked. */
export function pageFaults(page: string): string[] {
  return broken(
    [/<(script|img|iframe|a|link|object|form|b)\b/i.test(page), 'holds an element that loads, links or runs'],
    [/<[^>]*\s(src|href)=/i.test(page), 'refers to something outside'],
    [/<[^>]*\son[a-z]+=/i.test(page), 'has a handler'],
    [/\p{Cs}|[\u202a-\u202e\u2066-\u2069]/u.test(page), 'turns the direction of text'],
  );
}
