import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccountRows, ModelRules } from '../../lib/scoring/learn-model.ts';
import { supportedVerdicts } from '../../lib/scoring/supported-verdicts.ts';
import { plainLibrary } from './plain-library.ts';

const { library, random } = plainLibrary(11);

const accounts = (name: string, n: number, low: number, high: number): AccountRows[] =>
  Array.from({ length: n }, (_, i) => ({
    account: `${name}-${i}`,
    rows: [random(low, high)],
    events: [200],
  }));
const names = (held: readonly AccountRows[]): string[] => held.map(({ account }) => account);

const campaign = accounts('campaign', 6, 0.6, 1);
/** Customers of one application: unlike everybody else, and unlike the library. */
const application = accounts('application', 10, 0, 0.1);
const people = accounts('person', 60, 0.1, 0.5);
const past = [...people, ...campaign, ...application];

const rules = (said: readonly string[], grey: readonly string[] = []): ModelRules => ({
  windows: [24],
  library,
  verdicts: { extraction: new Set(said), benign: new Set(), grey: new Set(grey) },
  linked: [
    names(campaign),
    names(application),
    [...names(campaign).slice(0, 3), ...names(people).slice(0, 3)],
  ],
  sizes: { trees: 3, leaf: 2 },
});

describe('a verdict of extraction', () => {
  it('has an effect where a group looks like the library to forests that have not heard it', () => {
    const { extraction, unsupported } = supportedVerdicts(past, rules(names(campaign)));
    expect([...extraction].sort()).toEqual(names(campaign));
    expect(unsupported).toEqual([]);
  });

  it('has none on an application that is called an attack as a whole, with right verdicts beside it or without', () => {
    const alone = supportedVerdicts(past, rules(names(application)));
    expect(alone.extraction.size).toBe(0);
    expect(alone.unsupported).toEqual(names(application).sort());
    const beside = supportedVerdicts(past, rules([...names(application), ...names(campaign)]));
    expect([...beside.extraction].sort()).toEqual(names(campaign));
  });

  it('has none on any ordinary account, whoever is called so', () => {
    const honest = names([...people, ...application]);
    fc.assert(
      fc.property(fc.subarray(honest, { minLength: 1, maxLength: 12 }), (wrong) => {
        const { extraction, unsupported } = supportedVerdicts(past, rules(wrong));
        expect(extraction.size).toBe(0);
        expect(unsupported.length).toBe(wrong.length);
      }),
      { numRuns: 5 },
    );
  });

  it('has one on an account alone only where nobody else comes to as much', () => {
    const alone = names(campaign).filter(
      (account) => supportedVerdicts(past, rules([account])).extraction.size > 0,
    );
    expect(alone.length).toBeLessThanOrEqual(1);
    const [one = '', ...rest] = names(campaign);
    expect([...supportedVerdicts(past, rules([one], rest)).extraction]).toEqual([one]);
  });

  it('on an account that the past does not know is neither', () => {
    const { extraction, unsupported } = supportedVerdicts(past, rules(['nobody']));
    expect(unsupported).toEqual([]);
    expect(extraction).toEqual(new Set(['nobody']));
  });
});
