import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import type { Prints, UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { anExchange } from './exchanges.ts';

/**
 * The attacker has every usage event, the code, and a dictionary that contains every prompt, account, address and
 * user agent that was ever used; only the keys are missing. What does he learn?
 */

const SUBJECTS = [
  'tides',
  'volcanoes',
  'the French Revolution',
  'photosynthesis',
  'inflation',
  'black holes',
  'sourdough',
  'chess openings',
  'glaciers',
  'jazz',
  'vaccines',
  'the Silk Road',
  'concrete',
  'honeybees',
  'tax law',
  'origami',
  'coral reefs',
  'typography',
  'earthquakes',
  'opera',
];
const FORMS = [
  (s: string) => `How do ${s} work?`,
  (s: string) => `Write a short essay about ${s}.`,
  (s: string) => `Explain ${s} to a child of ten in a few sentences.`,
  (s: string) => `Give me five facts about ${s} that few people know`,
  (s: string) => `what is the history of ${s}`,
  (s: string) =>
    `Compare ${s} with something of your choice and describe in detail what both have in common, and where they differ.`,
  (s: string) =>
    `Summarize in one paragraph:\n\nMuch has been said about ${s}, and not all of it was true. Recent work has shown how little we know.`,
  (s: string) => `Why should I care about ${s}? My teacher says it matters.`,
];
const QUALIFIERS = ['', ' Please.', ' Be brief.', ' Use simple words.', ' I am in a hurry.'];
const PROMPTS = SUBJECTS.flatMap((subject) =>
  FORMS.flatMap((form) => QUALIFIERS.map((qualifier) => form(subject) + qualifier)),
);
const ACCOUNTS = Array.from({ length: 200 }, (_, i) => `customer-${i}@example.com`);
const ADDRESSES = Array.from({ length: 250 }, (_, i) => `203.0.113.${i}`);
const AGENTS = [
  'python-requests/2.31.0',
  'OpenAI/Python 1.30.1',
  'curl/8.5.0',
  'Mozilla/5.0 (X11; Linux x86_64) Firefox/126.0',
];

const recorder = createRecorder({ keys: developmentKeyring('a seed that the attacker does not have') });
const attacker = createRecorder({ keys: developmentKeyring('the attacker guesses a seed of his own') });
// About 1.3 tokens a word, as a gateway would count.
const tokensOf = (prompt: string) => Math.round(prompt.split(/\s+/).length * 1.3);
const exchangeOf = (prompt: string, index: number) =>
  anExchange({
    prompt,
    id: `req-${index}`,
    account: ACCOUNTS[index % ACCOUNTS.length] as string,
    usage: { inputTokens: tokensOf(prompt), outputTokens: 50 },
    origin: {
      ip: ADDRESSES[index % ADDRESSES.length] as string,
      userAgent: AGENTS[index % AGENTS.length] as string,
      credential: `sk-secret-${index}`,
      tls: 't13d1516h2_8daaf6152771',
    },
    customer: {
      plan: 'payg',
      product: 'api',
      createdAt: '2026-01-10T12:34:56Z',
      payment: `visa-4242-${index}`,
    },
  });
const events = PROMPTS.map((prompt, index) => recorder.record(exchangeOf(prompt, index)));

/** Everything in an event that needs no key to compute from a prompt. */
const unkeyed = (event: UsageEvent) =>
  JSON.stringify([event.shape, event.behaviours, event.usage.inputTokens]);

describe('a dictionary without the keys', () => {
  it('finds none of its texts in the events', () => {
    const json = JSON.stringify(events);
    const told = [
      'volcanoes',
      'Silk Road',
      'teacher',
      'customer-',
      'example.com',
      '203.0.113',
      'requests',
      'Mozilla',
      'sk-secret',
      'visa-4242',
      't13d1516',
      '8daaf615',
    ];
    expect(told.filter((text) => json.toLowerCase().includes(text.toLowerCase()))).toEqual([]);
    for (const [index, event] of events.entries()) {
      const text = JSON.stringify(event);
      const prompt = PROMPTS[index] as string;
      for (let at = 0; at + 8 <= prompt.length; at += 4)
        expect(text.includes(prompt.slice(at, at + 8))).toBe(false);
    }
  });

  it('finds no print by hashing its candidates, with plain hashes or with the recorder under another key', () => {
    const guesses = new Set<string>();
    for (const text of [...PROMPTS, ...ACCOUNTS, ...ADDRESSES, ...AGENTS]) {
      for (const form of [
        text,
        text.toLowerCase(),
        text
          .toLowerCase()
          .replace(/[^\p{L}\p{N}]+/gu, ' ')
          .trim(),
      ]) {
        for (const algorithm of ['md5', 'sha1', 'sha256'])
          guesses.add(createHash(algorithm).update(form).digest('base64url').slice(0, 11));
      }
    }
    for (const [index, prompt] of PROMPTS.entries()) {
      const guess = attacker.record(exchangeOf(prompt, index));
      guesses.add(guess.account);
      for (const [field, print] of Object.entries(guess.prints[0] as Record<string, string>))
        if (field !== 'epoch') guesses.add(print);
    }
    for (const event of events) {
      expect(guesses.has(event.account)).toBe(false);
      for (const [field, print] of Object.entries(event.prints[0] as Record<string, string>))
        if (field !== 'epoch') expect(guesses.has(print)).toBe(false);
    }
  });

  it('is narrowed by the unkeyed fields to a class of prompts, not to one: measured', () => {
    const classes = new Map<string, number>();
    for (const event of events) classes.set(unkeyed(event), (classes.get(unkeyed(event)) ?? 0) + 1);
    const sizes = events.map((event) => classes.get(unkeyed(event)) as number).sort((a, b) => a - b);
    const median = sizes[Math.floor(sizes.length / 2)] as number;
    const alone = sizes.filter((size) => size === 1).length / sizes.length;
    // The best guess within a class is right once in its size.
    const hit = classes.size / events.length;
    console.info(
      `dictionary of ${PROMPTS.length}: median class ${median} candidates, ${(100 * alone).toFixed(1)} % alone in theirs, best guess right in ${(100 * hit).toFixed(1)} %`,
    );
    expect(median).toBeGreaterThanOrEqual(10);
    expect(alone).toBeLessThan(0.02);
    expect(hit).toBeLessThan(0.1);
  });

  it('cannot tell from the prints of one event that its fields are of one text', () => {
    const event = recorder.record(
      anExchange({
        prompt: 'hello',
        system: 'hello',
        origin: { ip: 'hello', userAgent: 'hello', tls: 'hello', credential: 'hello' },
        account: 'hello',
      }),
    );
    const prints = Object.entries(event.prints[0] as Prints).filter(([field]) => field !== 'epoch');
    expect(new Set(prints.map(([, print]) => print)).size).toBe(prints.length);
  });
});
