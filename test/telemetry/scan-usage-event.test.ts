import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { surelyValid } from '../../lib/telemetry/parse-usage-event.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { scanUsageEvent } from '../../lib/telemetry/scan-usage-event.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { timeOf } from '../../lib/telemetry/utc-time.ts';
import { anExchange } from './exchanges.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });

function scan(line: string): UsageEvent | undefined {
  const bytes = Buffer.from(line, 'latin1');
  return scanUsageEvent(bytes, line, 0, line.length);
}

/** What JSON.parse and the quick check make of a line. */
function parsed(line: string): UsageEvent | undefined {
  try {
    const json: unknown = JSON.parse(line);
    return surelyValid(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

const recorded = [
  recorder.record(anExchange({})),
  recorder.record(anExchange({ system: 'Be brief.', params: { temperature: 0.25, topP: 1, n: 2, seed: 1 } })),
  recorder.record(anExchange({ prompt: '', params: {} })),
  recorder.record(
    anExchange({ prompt: 'Explain step by step. Return JSON only.', params: { maxTokens: 9 } }),
  ),
].map((event) => JSON.stringify(event));

describe('a scanned usage event', () => {
  it('is what JSON.parse gives, for whatever a recorder writes', () => {
    for (const line of recorded) expect(scan(line)).toStrictEqual(JSON.parse(line));
  });

  it('is never one that JSON.parse and the schema would not give, whatever is changed in a line', () => {
    const pieces = [
      '"',
      '\\',
      '{',
      '}',
      ',',
      ':',
      '-',
      '.',
      '0',
      '1e3',
      ' ',
      'é',
      '\n',
      'true',
      '00',
      '99999999999',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...recorded),
        fc.nat(),
        fc.nat(12),
        fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })),
        (line, at, cut, piece) => {
          const from = at % line.length;
          const changed = `${line.slice(0, from)}${piece}${line.slice(from + cut)}`;
          const found = scan(changed);
          if (found !== undefined) expect(found).toStrictEqual(parsed(changed));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('keeps no other memory alive than its own', () => {
    const line = recorded[0] as string;
    const text = `${line}\n`.repeat(3);
    const events = [0, 1, 2].map((i) => {
      const from = i * (line.length + 1);
      return scanUsageEvent(Buffer.from(text), text, from, from + line.length);
    });
    expect(events[2]).toStrictEqual(JSON.parse(line));
    expect(events[0]?.account).toBe(events[1]?.account);
  });
});

describe('the time of an event', () => {
  it('is what Date.parse says, also of days that are none', () => {
    const numbers = fc.tuple(
      fc.nat(4000),
      fc.nat(13),
      fc.nat(32),
      fc.nat(24),
      fc.nat(60),
      fc.nat(60),
      fc.nat(999),
    );
    fc.assert(
      fc.property(numbers, fc.boolean(), ([y, m, d, h, i, s, ms], fine) => {
        const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
        const text = `${pad(y, 4)}-${pad(m)}-${pad(d)}T${pad(h)}:${pad(i)}:${pad(s)}${fine ? `.${pad(ms, 3)}` : ''}Z`;
        expect(timeOf(text)).toBe(Date.parse(text));
      }),
      { numRuns: 2000 },
    );
  });
});
