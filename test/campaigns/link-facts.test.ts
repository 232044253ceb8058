import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFacts, encodeFacts, FactsError } from '../../lib/campaigns/linking/facts-codec.ts';
import { collectFacts, linkFacts, VALUES_PER_KIND } from '../../lib/campaigns/linking/link-facts.ts';
import type { Prints, UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { iso, MINUTE, print, START, usageEvent } from '../events.ts';

function event(over: Partial<Prints>, time = START): UsageEvent {
  return usageEvent({ time: iso(time), prints: [{ epoch: 'e1', prompt: print(1), ...over }] });
}

describe('link facts', () => {
  it('stay the same object while nothing new is shown, so that nothing is stored', () => {
    const first = collectFacts(undefined, [event({ payment: print(2), network: print(3) })]);
    const again = collectFacts(first, [event({ payment: print(2), network: print(3) }, START + MINUTE)]);
    expect(again).toBe(first);
  });

  it('are stored a handful of times for a thousand networks of one day, not a thousand times', () => {
    let facts: ReturnType<typeof collectFacts>;
    let changes = 0;
    for (let i = 0; i < 1000; i++) {
      const next = collectFacts(facts, [event({ network: print(i), payment: print(7) })]);
      if (next !== facts) changes++;
      facts = next;
    }
    // those that are kept, and what pushed out another
    expect(changes).toBeLessThan(10 * VALUES_PER_KIND);
  });

  it('stay small with ten thousand addresses, blocks and credentials', () => {
    const events = Array.from({ length: 10_000 }, (_, i) =>
      event(
        { network: print(i), address: print(i), credential: print(i + 50_000), payment: print(7) },
        START + i * MINUTE,
      ),
    );
    const facts = collectFacts(undefined, events);
    expect(facts).toBeDefined();
    for (const list of Object.values(facts?.values ?? {}))
      expect(list.length).toBeLessThanOrEqual(VALUES_PER_KIND);
    expect(encodeFacts(facts as NonNullable<typeof facts>).length).toBeLessThan(8_000);
    expect(facts?.values.payment.map(({ value }) => value)).toEqual([print(7)]);
  });

  it('know nothing of fields that are absent: two accounts without payment share none', () => {
    const facts = collectFacts(undefined, [event({})]);
    expect(facts && linkFacts(facts).map(({ kind }) => kind)).toEqual(['created']);
  });

  it('keep the values of both key epochs during an overlap', () => {
    const facts = collectFacts(undefined, [
      usageEvent({
        prints: [
          { epoch: 'new', prompt: print(1), payment: print(10) },
          { epoch: 'old', prompt: print(2), payment: print(11) },
        ],
      }),
    ]);
    expect(facts?.values.payment.map(({ value }) => value).sort()).toEqual([print(10), print(11)].sort());
  });

  it('are the same in whatever order the events of a day come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1400 })), {
          maxLength: 8,
        }),
        (shown) => {
          const events = shown.map(([value, minute]) =>
            event({ payment: print(value), network: print(value + 9) }, START + minute * MINUTE),
          );
          const forth = collectFacts(undefined, events);
          const back = collectFacts(undefined, [...events].reverse());
          expect(back).toEqual(forth);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('survive hostile names of plans and damaged storage', () => {
    const hostile = usageEvent({
      customer: { plan: 'a#b/c\nd', product: '__proto__', createdAt: iso(START) },
      prints: [{ epoch: 'e1', prompt: print(1), payment: print(2) }],
    });
    const facts = collectFacts(undefined, [hostile]) as NonNullable<ReturnType<typeof collectFacts>>;
    expect(decodeFacts(encodeFacts(facts))).toEqual(facts);
    expect(() => decodeFacts('{')).toThrow(FactsError);
    expect(() => decodeFacts('{"v":2}')).toThrow(/v:/);
    const tooMany = {
      ...facts,
      values: { ...facts.values, payment: Array(9).fill(facts.values.payment[0]) },
    };
    expect(() => decodeFacts(JSON.stringify(tooMany))).toThrow(/values\.payment/);
  });
});
