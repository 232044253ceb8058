import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bulletinOf, rowOf } from '../../lib/findings/bulletin.ts';
import { applyNotice, deliveryId } from '../../lib/findings/finding.ts';
import { csvCell, html, plain, shellWord } from '../../lib/findings/plain.ts';
import { renderBulletin, renderNotice } from '../../lib/findings/publication.ts';
import { asff } from '../../lib/findings/views/asff.ts';
import { chat } from '../../lib/findings/views/chat.ts';
import { email, SUBJECT_MAX } from '../../lib/findings/views/email.ts';
import { jsonView, MESSAGE_MAX } from '../../lib/findings/views/json.ts';
import { ocsf } from '../../lib/findings/views/ocsf.ts';
import { SMS_MAX, sms } from '../../lib/findings/views/sms.ts';
import { hostileNotice, NASTIES, nasty } from './arbitraries.ts';
import { NOW } from './notices.ts';
import { faults } from './schemas.ts';

const HOME = { partition: 'aws', region: 'us-east-1', accountId: '111122223333' } as const;

/** Everything but the line feeds that a view sets itself. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u;
/** Half a pair of surrogates. */
const BROKEN = /\p{Cs}/u;

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(strings);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(strings);
  return [];
}

/** Nothing that a mail or chat program would turn into a link by itself. */
function expectNoLink(text: string): void {
  expect(text).not.toMatch(/[a-z][a-z0-9+.-]*:\/\//i);
  expect(text).not.toMatch(/\b(javascript|mailto|data|file|tel):\S/i);
  expect(text).not.toMatch(/\bwww\./i);
  expect(text).not.toMatch(/\bevil[.\u3002\uff0e]example/i);
}

/** Our own markup taken out: bold labels and commands in code spans. */
function withoutOwnMarkup(text: string): string {
  return text
    .replace(/`siphonwatch [^`\n]*`/g, '')
    .replace(/`[A-Za-z0-9._:-]+`/g, '')
    .replace(/\*[A-Za-z0-9 ]+\*/g, '');
}

const RUNS = { numRuns: 150 };

describe('hostile strings', () => {
  it('e-mail: one header line, no link, no escape, lines that fit, whatever is in the names', () => {
    fc.assert(
      fc.property(hostileNotice, (notice) => {
        const { subject, text } = email(notice, NOW);
        expect(subject).toMatch(/^[\x20-\x7e]+$/);
        expect(subject.length).toBeLessThanOrEqual(SUBJECT_MAX);
        expectNoLink(subject);
        expectNoLink(text);
        expect(text).not.toMatch(/[@＠]/);
        for (const line of text.split('\n')) {
          expect(line).not.toMatch(INVISIBLE);
          expect(line).not.toMatch(BROKEN);
        }
        // every line is ours by its beginning, so a forged header or log line cannot start one
        expect(text).not.toMatch(/^(Bcc|Subject|X|Header|\{"_aws"|2026-01-01T)/m);
        expect(Buffer.byteLength(text)).toBeLessThan(16_000);
      }),
      RUNS,
    );
  });

  it('SMS: one segment of plain characters', () => {
    fc.assert(
      fc.property(hostileNotice, (notice) => {
        const text = sms(notice);
        expect(text).toMatch(/^[\x20-\x7e]+$/);
        expect(text).not.toMatch(/[|^{}~\\`[\]]/);
        expect(text.length).toBeLessThanOrEqual(SMS_MAX);
        expectNoLink(text);
      }),
      RUNS,
    );
  });

  it('chat: valid, no mention, no link, no markup but our own', () => {
    fc.assert(
      fc.property(hostileNotice, (notice) => {
        const card = chat(notice, NOW);
        expect(faults('chat', card)).toEqual([]);
        for (const text of [
          card.content.title,
          card.content.description,
          ...card.content.nextSteps,
          ...card.content.keywords,
        ]) {
          expectNoLink(text);
          const rest = withoutOwnMarkup(text);
          expect(rest).not.toMatch(/[<>@＠[\]`*~|#\\&]|\b_|_\b|__/);
          expect(rest).not.toMatch(/:[a-z0-9_+-]+:/i);
          for (const line of text.split('\n')) {
            expect(line).not.toMatch(INVISIBLE);
            expect(line).not.toMatch(BROKEN);
          }
        }
      }),
      RUNS,
    );
  });

  it('OCSF, ASFF and JSON: valid, every string inert, sizes kept', () => {
    fc.assert(
      fc.property(hostileNotice, (notice) => {
        const event = ocsf(notice, NOW);
        expect(faults('ocsf', event)).toEqual([]);
        const imported = asff(applyNotice(undefined, notice), HOME, NOW);
        expect(faults('asff', imported)).toEqual([]);
        expect(Buffer.byteLength(JSON.stringify(imported))).toBeLessThan(240 * 1024);
        const whole = renderNotice(notice, NOW);
        expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(MESSAGE_MAX);
        for (const text of [...strings(event), ...strings(imported), ...strings(jsonView(notice, NOW))]) {
          expect(text).not.toMatch(INVISIBLE);
          expect(text).not.toMatch(BROKEN);
        }
        for (const value of Object.values(whole.attributes)) {
          expect(value).not.toBe('');
          if (typeof value === 'string') expect(value).not.toMatch(INVISIBLE);
        }
        expect(Object.keys(whole.attributes).length).toBeLessThanOrEqual(10);
      }),
      { numRuns: 80 },
    );
  });

  it('lists of findings keep the same laws', () => {
    fc.assert(
      fc.property(
        fc.array(hostileNotice, { maxLength: 12 }),
        fc.constantFrom('storm-list' as const, 'digest' as const),
        (notices, kind) => {
          const rows = notices.map((notice) => rowOf(notice, deliveryId(notice), 'storm'));
          const { subject, texts } = renderBulletin(
            bulletinOf({ kind, deliveryId: 'd', thread: 't', from: NOW, to: NOW }, rows),
          );
          expect(subject).toMatch(/^[\x20-\x7e]+$/);
          expectNoLink(texts.email);
          expect(texts.sms.length).toBeLessThanOrEqual(SMS_MAX);
          const card = JSON.parse(texts.https) as { content: { description: string } };
          expect(faults('chat', card)).toEqual([]);
          expectNoLink(card.content.description);
          expect(withoutOwnMarkup(card.content.description)).not.toMatch(/[<>@[\]`*~|#\\&]/);
          for (const line of [...texts.email.split('\n'), ...strings(JSON.parse(texts.default))])
            expect(line).not.toMatch(INVISIBLE);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('cells of a CSV are no formulas, HTML has no markup, commands hold words only', () => {
    fc.assert(
      fc.property(nasty, (value) => {
        const cell = csvCell(value);
        expect(cell).toMatch(/^"(?:[^"]|"")*"$/s);
        expect(cell.slice(1)).not.toMatch(/^[=+\-@\t\r|%]/);
        expect(html(value)).not.toMatch(/[<>"']/);
        expect(html(value)).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
        expect(plain(value)).not.toMatch(/\p{Cc}/u);
        const word = shellWord(value);
        if (word !== undefined) expect(word).toMatch(/^[\w.:-]+$/);
      }),
      { numRuns: 500 },
    );
  });

  it('names that are only names stay readable', () => {
    expect(plain('日本語のプラン')).toBe('日本語のプラン');
    expect(plain('gpt-4.1 (2026-01)')).toBe('gpt-4.1 (2026-01)');
    expect(NASTIES.length).toBeGreaterThan(30);
  });
});
