import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestMessageOf, rowOf } from '../../lib/findings/digest-message.ts';
import { applyNotice, deliveryId } from '../../lib/findings/finding.ts';
import { renderBulletin, renderNotice } from '../../lib/findings/publication.ts';
import { csvCell, plain, shellWord } from '../../lib/findings/sanitize.ts';
import { asff } from '../../lib/findings/views/asff.ts';
import { chat } from '../../lib/findings/views/chat.ts';
import { email } from '../../lib/findings/views/email.ts';
import { ocsf } from '../../lib/findings/views/ocsf.ts';
import { sms } from '../../lib/findings/views/sms.ts';
import { escapeHtml } from '../../lib/report/html.ts';
import { hostileNotice, NASTIES, nasty } from './arbitraries.ts';
import {
  asffFaults,
  chatFaults,
  emailFaults,
  linkFaults,
  messageFaults,
  ocsfFaults,
  smsFaults,
} from './invariants.ts';
import { NOW } from './notices.ts';

const HOME = { partition: 'aws', region: 'us-east-1', accountId: '111122223333' } as const;

/** The addresses of the nasties, which no view may leave whole. */
function expectNoLink(text: string): void {
  expect(linkFaults(text)).toEqual([]);
  expect(text).not.toMatch(/\bevil[.\u3002\uff0e]example/i);
}

const RUNS = { numRuns: 150 };

describe('hostile strings', () => {
  it('e-mail: one header line, no link, no escape, lines that fit, whatever is in the names', () => {
    fc.assert(
      fc.property(hostileNotice, (notice) => {
        const mail = email(notice, NOW);
        expect(emailFaults(mail)).toEqual([]);
        const { text } = mail;
        expectNoLink(text);
        // every line is ours by its beginning, so a forged header or log line cannot start one
        expect(text).not.toMatch(/^(Bcc|Subject|X|Header|\{"_aws"|2026-01-01T)/m);
      }),
      RUNS,
    );
  });

  it('SMS: one segment of plain characters', () => {
    fc.assert(
      fc.property(hostileNotice, (notice) => {
        const text = sms(notice);
        expect(smsFaults(text)).toEqual([]);
        expectNoLink(text);
      }),
      RUNS,
    );
  });

  it('chat: valid, no mention, no link, no markup but our own', () => {
    fc.assert(
      fc.property(hostileNotice, (notice) => {
        const card = chat(notice, NOW);
        expect(chatFaults(card)).toEqual([]);
        expectNoLink(card.content.description);
      }),
      RUNS,
    );
  });

  it('OCSF, ASFF and JSON: valid, every string inert, sizes kept', () => {
    fc.assert(
      fc.property(hostileNotice, (notice) => {
        expect(ocsfFaults(ocsf(notice, NOW))).toEqual([]);
        expect(asffFaults(asff(applyNotice(undefined, notice), HOME, NOW))).toEqual([]);
        expect(messageFaults(renderNotice(notice, NOW))).toEqual([]);
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
          const message = renderBulletin(
            digestMessageOf({ kind, deliveryId: 'd', thread: 't', from: NOW, to: NOW }, rows),
          );
          expect(messageFaults(message)).toEqual([]);
          expectNoLink(message.texts.email);
          expectNoLink(message.texts.https);
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
        expect(escapeHtml(value)).not.toMatch(/[<>"']/);
        expect(escapeHtml(value)).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
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
