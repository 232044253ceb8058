import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Delivery, deliver } from '../../lambdas/notify/deliver.ts';
import { NotificationThrottle } from '../../lambdas/notify/notification-throttle.ts';
import { isSettled, NOTHING_PASSED, type PassedOver, settledWith } from '../../lib/findings/settled.ts';
import { MemoryBus } from '../../lib/stores/event-bus.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { MemoryTopic } from '../../lib/stores/notification-topic.ts';
import { MemoryOutbox, type Waiting } from '../../lib/stores/outbox.ts';
import { ACCOUNT, NOW, opened } from './notices.ts';

/** What a version can read of a notice: all, its number, or nothing. */
const FORMS = ['all', 'number', 'nothing'] as const;
type Form = (typeof FORMS)[number];

const notices = fc.array(
  fc.record({ step: fc.integer({ min: 1, max: 4 }), finding: fc.integer({ min: 1, max: 2 }) }),
  {
    minLength: 1,
    maxLength: 8,
  },
);
/** A visit: how many notices were there when the image was taken, and what its version reads of each. */
const visits = fc.array(
  fc.record({
    seen: fc.nat({ max: 8 }),
    reads: fc.array(fc.constantFrom(...FORMS), { minLength: 8, maxLength: 8 }),
  }),
  { maxLength: 12 },
);

it('every notice is settled once, whatever versions without and with its form came by, in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(notices, visits, async (made, all) => {
      const findings = new MemoryFindingStore();
      const settled: number[] = [];
      let number = 0;
      const held = made.map(({ step, finding }, i) => {
        number += step;
        const transition = i === 0 ? ('opened' as const) : ('escalated' as const);
        return { ...opened, number, transition, finding: `f-${finding}-1` };
      });
      const delivery: Delivery = {
        findings,
        topic: new MemoryTopic(),
        bus: new MemoryBus(),
        accuserOf: async () => undefined,
        hub: false,
        traffic: async () => undefined,
        brakes: {
          account: new NotificationThrottle(findings, 'account'),
          campaign: new NotificationThrottle(findings, 'campaign'),
        },
        now: () => NOW,
        by: 'one',
        report: (line) => {
          if (line.what === 'settled') settled.push(line.notice.number);
        },
      };
      const texts = held.map((one) => JSON.stringify(one));
      const seenAs = (text: string, form: Form): string => {
        if (form === 'all') return text;
        return form === 'nothing' ? '' : JSON.stringify({ v: 9, number: JSON.parse(text).number });
      };
      const outbox = new MemoryOutbox('profiles');
      const visit = async (waiting: Waiting | undefined): Promise<void> => {
        if (waiting !== undefined) await deliver(outbox, waiting, delivery);
      };
      const since = new Date(NOW).toISOString();
      for (const one of held) outbox.append(ACCOUNT, one, since);
      // an image of any time, also of one at which more or less was waiting
      for (const { seen, reads } of all)
        await visit({
          key: ACCOUNT,
          since,
          texts: texts.slice(0, seen).map((text, i) => seenAs(text, reads[i] ?? 'all')),
        });
      await visit(await outbox.read(ACCOUNT));
      expect([...settled].sort((a, b) => a - b)).toEqual(held.map((one) => one.number));
      expect(await outbox.read(ACCOUNT)).toBeUndefined();
    }),
    { numRuns: 30 },
  );
});

it('what could not be read stays owed, however much of it there is, and no more is kept of a finding for that', () => {
  const unreadable: PassedOver = { ...NOTHING_PASSED, unnumbered: true };
  let held: ReturnType<typeof settledWith> | undefined;
  const owed: number[] = [];
  for (let number = 2; number <= 200; number += 2) {
    held = settledWith(held, number, unreadable);
    owed.push(number - 1);
    expect(owed.filter((one) => isSettled(held, one))).toEqual([]);
    expect(isSettled(held, number)).toBe(true);
    expect(held.passedBetween?.length).toBeLessThanOrEqual(20);
  }
  while (owed.length > 0) {
    // from the end, from the beginning, and so on
    const number = (owed.length % 3 === 0 ? owed.shift() : owed.pop()) ?? 0;
    held = settledWith(held, number, NOTHING_PASSED);
    expect(isSettled(held, number)).toBe(true);
    expect(owed.filter((one) => isSettled(held, one))).toEqual([]);
    expect(held.passedBetween?.length ?? 0).toBeLessThanOrEqual(20);
  }
});
