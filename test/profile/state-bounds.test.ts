import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFacts } from '../../lib/campaigns/linking/facts-codec.ts';
import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch, timeRules } from '../../lib/detection/process-batch.ts';
import type { Notice } from '../../lib/findings/finding.ts';
import { LIMITS, limitTable } from '../../lib/limits.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { encodeSlices } from '../../lib/profile/codec.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { fold, type IngestedEvent, newProfile } from '../../lib/profile/profile.ts';
import { NO_PROMPTS, samplePrompts } from '../../lib/profile/prompt-sample.ts';
import { encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import { addEvent, emptySlice, mergeSlice, SLICE_BOUNDS, SLICE_MS } from '../../lib/profile/slice.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { fitting } from '../../lib/stores/outbox.ts';
import { toItem } from '../../lib/stores/profile-item.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { account, START, usageEvent } from '../events.ts';
import { evidenceOf } from '../findings/evidence.ts';

/** A customer that wants its own state to grow until it cannot be written any more. */

/** What one slice may take, bytes: sixteen long names, four epochs of full samples, counters. */
const SLICE_BYTES = LIMITS.sliceBytes.most;
/** DynamoDB's limit for an item. Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const ITEM_BYTES = LIMITS.itemBytes.most;

const text = (maxLength: number) => fc.string({ unit: 'binary', minLength: 1, maxLength });
const print = fc.stringMatching(/^[A-Za-z0-9_-]{11}$/);
const hostileEvent: fc.Arbitrary<UsageEvent> = fc
  .record({
    model: text(256),
    outcome: fc.constantFrom('ok' as const, 'error' as const, 'refused' as const),
    epochs: fc.array(text(32), { minLength: 1, maxLength: 2 }),
    prompt: print,
    opening: print,
    address: print,
    output: fc.nat(1e9),
    sketch: fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    plan: text(64),
  })
  .map(({ model, outcome, epochs, prompt, opening, address, output, sketch, plan }) =>
    usageEvent({
      model,
      outcome,
      usage: { inputTokens: output, outputTokens: output },
      customer: { plan, product: plan, createdAt: '2026-02-01T00:00:00.000Z' },
      prints: epochs.map((epoch) => ({
        ...{ epoch, prompt, opening, closing: opening, system: prompt, address, sketch },
        ...{ network: opening, agent: prompt, tls: address, payment: prompt, credential: opening },
      })),
    }),
  );

const arrivalsOf = (events: readonly UsageEvent[], everyMs: number): IngestedEvent[] =>
  events.map((event, i) => {
    const time = START + i * everyMs;
    return {
      event: { ...event, account: account(1), id: `x-${i}`, time: new Date(time).toISOString() },
      time,
      arrived: time,
      position: { epoch: 's/b1', sequence: padSequence(String(i + 1)), index: 0 },
    };
  });

describe('the state of an account', () => {
  it('stays small over any valid events, in whatever order they are merged', () => {
    fc.assert(
      fc.property(fc.array(hostileEvent, { minLength: 60, maxLength: 120 }), (events) => {
        const one = emptySlice(START);
        const parts = [emptySlice(START), emptySlice(START)] as const;
        for (const [i, event] of events.entries()) {
          addEvent(one, event, START);
          addEvent(parts[i % 2 === 0 ? 0 : 1], event, START);
        }
        const [a, b] = parts;
        const backwards = emptySlice(START);
        mergeSlice(backwards, b);
        mergeSlice(backwards, a);
        mergeSlice(a, b);
        const bytes = encodeSlices([one]);
        expect(bytes.length).toBeLessThan(SLICE_BYTES);
        expect(one.models.size).toBeLessThanOrEqual(SLICE_BOUNDS.models);
        expect(one.samples.size).toBeLessThanOrEqual(SLICE_BOUNDS.epochs);
        expect(encodeSlices([a])).toEqual(bytes);
        expect(encodeSlices([backwards])).toEqual(bytes);
      }),
      { numRuns: 25 },
    );
  });

  it('is not swollen by failed requests for made-up models, and what follows is scored', () => {
    const bogus = Array.from({ length: 1569 }, (_, i) =>
      usageEvent({ model: `${'模'.repeat(250)}${i}`, outcome: i % 3 === 0 ? 'ok' : 'error' }),
    );
    const profile = fold(newProfile(account(1)), arrivalsOf(bogus, 790), timeRules(defaultPolicy)).profile;
    const item = toItem({ ...newAccount(account(1)), profile });
    expect(item.slices.length).toBeLessThan(SLICE_BYTES);
    expect(profile.totals.events).toBe(1569);
  });

  it('fits into an item after ten days of the worst that one account can send', () => {
    const rules = { policy: defaultPolicy, calibration: defaultCalibration, code: 'test', shadow: false };
    const perSlice = 40;
    const events = fc.sample(hostileEvent, { numRuns: perSlice * 12, seed: 7 });
    let state = newAccount(account(1));
    const arrivals = arrivalsOf(events, SLICE_MS / perSlice);
    for (let i = 0; i < arrivals.length; i += perSlice / 2) {
      state = processBatch(state, arrivals.slice(i, i + perSlice / 2), rules).state;
      const item = toItem(state);
      const bytes =
        item.meta.length +
        item.slices.length +
        item.recent.length +
        item.redriven.length +
        item.notices.join('').length;
      expect(bytes).toBeLessThan(ITEM_BYTES / 2);
    }
    expect(state.profile.totals.events).toBe(events.length);
  });

  it('beside the profile stays small too: link facts and sampled prompts, whatever an account shows', () => {
    fc.assert(
      fc.property(fc.array(hostileEvent, { minLength: 100, maxLength: 200 }), (events) => {
        const run = arrivalsOf(events, 6 * SLICE_MS).map(({ event }) => event);
        const facts = collectFacts(undefined, run);
        expect(facts === undefined ? 0 : Buffer.byteLength(encodeFacts(facts))).toBeLessThan(
          LIMITS.factsBytes.most,
        );
        const prompts = encodePromptSamples(samplePrompts(NO_PROMPTS, run));
        expect(prompts.length).toBeLessThan(LIMITS.promptsBytes.most);
      }),
      { numRuns: 10 },
    );
  });

  it('fits into an item however long delivery is out: updates go first, openings stay', () => {
    const { notice } = evidenceOf(50, (notices) => notices.at(-1)).finding;
    let waiting: readonly Notice[] = [];
    const lost: string[] = [];
    for (let number = 1; number <= 120; number++) {
      const transition = number % 40 === 1 ? 'opened' : number % 40 === 20 ? 'calmed' : 'updated';
      const fresh = fitting(waiting, [{ ...notice, number, transition }]);
      if (fresh.length === 0) lost.push(transition);
      waiting = [...waiting, ...fresh];
    }
    expect(JSON.stringify(waiting).length).toBeLessThan(2.6 * LIMITS.waitingNoticeBytes.most);
    expect(lost).toContain('updated');
    expect(lost).not.toContain('opened');
    // the rest of an item of an account is below half of what a table takes (above)
    expect(2.6 * LIMITS.waitingNoticeBytes.most + ITEM_BYTES / 2).toBeLessThan(ITEM_BYTES);
  });
});

it('the security model prints the limits as they are declared', () => {
  expect(readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')).toContain(limitTable());
});
