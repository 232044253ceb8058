import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tenureBand } from '../../lib/scoring/peer-group.ts';
import { openingDate } from '../../lib/telemetry/opening-date.ts';
import { DAY_MS } from '../../lib/time.ts';

const at = (text: string) => Date.parse(text);

describe('an opening date', () => {
  it.each([
    ['a new account', '2026-02-11T13:37:42Z', '2026-03-01T08:00:00Z', '2026-02-11T00:00:00Z'],
    ['an account of some months', '2026-02-11T13:37:42Z', '2026-06-01T08:00:00Z', '2026-02-09T00:00:00Z'],
    ['an old account', '2024-02-11T13:37:42Z', '2026-06-01T08:00:00Z', '2024-02-01T00:00:00Z'],
    ['an account of unknown age', '1970-01-01T00:00:00Z', '2026-06-01T08:00:00Z', '1970-01-01T00:00:00Z'],
    [
      'an account whose clock is ahead',
      '2026-07-01T13:00:00Z',
      '2026-06-01T08:00:00Z',
      '2026-07-01T00:00:00Z',
    ],
  ])('of %s is as exact as its age', (_, opened, time, said) => {
    expect(openingDate(at(opened), at(time))).toBe(said);
  });

  it('is never later than it was, nor off by more than a quarter of the age, and leaves new accounts new', () => {
    const ms = fc.integer({ min: at('2001-01-01T00:00:00Z'), max: at('2026-01-01T00:00:00Z') });
    fc.assert(
      fc.property(ms, fc.integer({ min: 0, max: 2000 * DAY_MS }), (opened, age) => {
        const said = at(openingDate(opened, opened + age));
        expect(said).toBeLessThanOrEqual(opened);
        expect(opened - said).toBeLessThan(Math.max(DAY_MS, 0.24 * age));
        const band = tenureBand(opened, opened + age);
        if (band === 'new' && age < 29 * DAY_MS) expect(tenureBand(said, opened + age)).toBe('new');
      }),
    );
  });
});
