import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { accountPseudonym, developmentKeyring, parseKeyring } from '../../lib/telemetry/keys.ts';
import { DEFAULT_OVERLAP_DAYS } from '../../lib/telemetry/make-keyring.ts';

const secret = (name: string) => `${name}-`.repeat(20);
const epoch = (id: string, from: string, until?: string) => ({
  id,
  secret: secret(id),
  from,
  ...(until === undefined ? {} : { until }),
});
const ring = (...epochs: object[]) => ({ account: { secret: secret('account') }, epochs });

describe('a keyring', () => {
  it('overlaps its epochs by default for as long as profiles are kept', () => {
    expect(DEFAULT_OVERLAP_DAYS).toBe(defaultPolicy.retentionDays);
  });

  it('is read, with overlapping epochs', () => {
    const read = parseKeyring(
      ring(epoch('a', '2026-01-01T00:00:00Z', '2026-02-10T00:00:00Z'), epoch('b', '2026-02-01T00:00:00Z')),
    );
    expect(read.epochs.map((each) => each.id)).toEqual(['a', 'b']);
  });

  it.each([
    ['no account', { epochs: [epoch('a', '2026-01-01T00:00:00Z')] }, /account: /],
    ['no epochs', ring(), /epochs: /],
    [
      'a short secret',
      ring({ ...epoch('a', '2026-01-01T00:00:00Z'), secret: 'swordfish' }),
      /epochs\.0\.secret: /,
    ],
    [
      'one secret for both',
      { ...ring(epoch('a', '2026-01-01T00:00:00Z')), account: { secret: secret('a') } },
      /account\.secret: must differ/,
    ],
    [
      'an epoch twice',
      ring(epoch('a', '2026-01-01T00:00:00Z'), epoch('a', '2026-02-01T00:00:00Z')),
      /epochs\.1\.id: a is there twice/,
    ],
    [
      'an end before the beginning',
      ring(epoch('a', '2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z')),
      /epochs\.0\.until: must be after from/,
    ],
    [
      'three at once',
      ring(
        epoch('a', '2026-01-01T00:00:00Z'),
        epoch('b', '2026-02-01T00:00:00Z'),
        epoch('c', '2026-03-01T00:00:00Z'),
      ),
      /epochs\.2\.from: more than two epochs serve/,
    ],
    ['an unknown field', { ...ring(epoch('a', '2026-01-01T00:00:00Z')), extra: 1 }, /\(top\): /],
  ])('is refused, naming the field and never a secret: %s', (_, json, message) => {
    expect(() => parseKeyring(json)).toThrow(message);
    try {
      parseKeyring(json);
    } catch (error) {
      expect(String(error)).not.toContain('swordfish');
      expect(String(error)).not.toContain(secret('a'));
    }
  });
});

describe('a pseudonym', () => {
  const keys = developmentKeyring('test');
  it('is the same for a name and key, another for another, of one form for any name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: 'binary', minLength: 1 }),
        (one, other) => {
          expect(accountPseudonym(keys, one)).toMatch(/^a_[a-z2-7]{26}$/);
          expect(accountPseudonym(keys, one) === accountPseudonym(keys, other)).toBe(one === other);
          expect(accountPseudonym(developmentKeyring('another'), one)).not.toBe(accountPseudonym(keys, one));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('tells apart names that differ in broken surrogates only', () => {
    expect(accountPseudonym(keys, '\ud800')).not.toBe(accountPseudonym(keys, '\ud801'));
  });
});
