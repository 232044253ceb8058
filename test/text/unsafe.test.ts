import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain } from '../../lib/findings/sanitize.ts';
import { escapeHtml } from '../../lib/report/html.ts';
import { printable } from '../../lib/telemetry/reason.ts';
import { escapeUnsafeJson, escapeUnsafeLines } from '../../lib/text/unsafe.ts';

/** What no view may show raw: bidirectional controls, zero width, controls, separators, tags. */
const UNSAFE = [...'\u202e\u2066\u200b\u0007\u001b\u2028\ufeff\ue000', '\u{e0041}', '\ud800'];

const VIEWS = {
  'terminal, one value': (text: string) => printable(text),
  'terminal, lines of our own': escapeUnsafeLines,
  'notices and mail': (text: string) => plain(text, 10_000),
  HTML: escapeHtml,
  JSON: (text: string) => escapeUnsafeJson(JSON.stringify(text)),
};

/** They sort characters into words, or take them out of what is compared; they show nothing. */
const COMPARE = ['lib/telemetry/characters.ts', 'lib/telemetry/symbols.ts', 'lib/forensics/invisible.ts'];

describe('text from outside', () => {
  it.each(Object.entries(VIEWS))('%s shows no unsafe character raw', (_, view) => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...UNSAFE), fc.string({ unit: 'binary', maxLength: 4 }))),
        (parts) => {
          const shown = view(parts.join(''));
          expect(shown).not.toMatch(/(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is judged by one list of characters, which no other file repeats', () => {
    const files = ['lib', 'lambdas', 'console', 'bin'].flatMap((room) =>
      readdirSync(room, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(room, name)),
    );
    const repeats = files.filter((file) => /\\p\{C[cfo]\}|u202[ae]/.test(readFileSync(file, 'utf8')));
    expect(repeats.filter((file) => !COMPARE.includes(file))).toEqual(['lib/text/unsafe.ts']);
  });

  it('and no verb prints JSON past that', () => {
    const verbs = readdirSync('lib/cli', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const raw = verbs.filter((name) =>
      /stdout\.write\([^;]*?(?<!escapeUnsafeJson\()JSON\.stringify/.test(
        readFileSync(join('lib/cli', name), 'utf8'),
      ),
    );
    expect(raw).toEqual([]);
  });
});
