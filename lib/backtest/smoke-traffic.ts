import type { UsageEvent } from '../telemetry/usage-event.ts';
import { MINUTE_MS } from '../time.ts';

/**
 * A tiny built-in traffic for trying a policy before it goes live: people who talk, and a program that asks one
 * task after another. Made up, the same every time; it measures nothing, it shows that a policy runs and does not
 * flag everybody.
 */
export const SMOKE_PEOPLE = 20;
const TURNS = 14;
const HARVESTED = 160;

const START = Date.parse('2026-03-02T08:00:00Z');
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567ABCDEFGHIJKLMNOPQRSTUVWXYZ0189-_';

/** Deterministic text of `length` characters of the first `letters` of the alphabet. */
function token(seed: number, length: number, letters = 64): string {
  let state = (seed * 2_654_435_761) >>> 0;
  let text = '';
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0;
    text += ALPHABET[(state >>> 8) % letters];
  }
  return text;
}

/** One event of the smoke traffic: the n-th of an account, at a time (ms). */
interface SmokeEvent {
  readonly account: number;
  readonly n: number;
  readonly at: number;
  readonly plan: string;
  readonly product: string;
  readonly shape?: Partial<UsageEvent['shape']>;
  readonly prints?: Partial<UsageEvent['prints'][number]>;
}

function event({ account, n, at, plan, product, shape, prints }: SmokeEvent): UsageEvent {
  const seed = account * 1000 + n;
  return {
    v: 1,
    id: `smoke-${account}-${n}`,
    time: new Date(at).toISOString(),
    account: `a_${token(account + 7, 26, 32)}`,
    model: 'smoke-model',
    outcome: 'ok',
    usage: { inputTokens: 200, outputTokens: 300 },
    params: {},
    customer: { plan, product, createdAt: '2025-06-01T00:00:00Z' },
    shape: {
      turns: 1 + (seed % 4),
      system: false,
      words: 8 + (seed % 9),
      head: 6,
      instruction: seed % 5 === 0,
      lines: 1,
      script: 'latin',
      question: seed % 2 === 0,
      code: false,
      input: false,
      ...shape,
    },
    behaviours: [],
    prints: [
      {
        epoch: 'smoke',
        prompt: token(seed, 11),
        opening: token(seed + 1_000_000, 11),
        closing: token(seed + 2_000_000, 11),
        layout: token(account * 10 + (n % 5), 11),
        sketch: token(seed + 3_000_000, 43),
        ...prints,
      },
    ],
  };
}

/** In order of time: first the people's days, the program's hours among them. */
export function smokeTraffic(): UsageEvent[] {
  const events: UsageEvent[] = [];
  for (let person = 0; person < SMOKE_PEOPLE; person++)
    for (let n = 0; n < TURNS; n++) {
      const at =
        START +
        (n >> 2) * 1440 * MINUTE_MS +
        person * 17 * MINUTE_MS +
        (n % 4) * (3 + (person % 7)) * MINUTE_MS;
      events.push(
        event({ account: person, n, at, plan: person % 2 === 0 ? 'pro' : 'free', product: 'chat' }),
      );
    }
  for (let n = 0; n < HARVESTED; n++)
    events.push(
      event({
        account: 900,
        n,
        at: START + n * 2 * MINUTE_MS,
        plan: 'payg',
        product: 'api',
        shape: { turns: 1, instruction: true, question: false, system: true },
        prints: { layout: token(1, 11), system: token(2, 11) },
      }),
    );
  return events.sort((a, b) => (a.time < b.time ? -1 : 1));
}
