import type { UsageEvent } from '../lib/telemetry/usage-event.ts';

/** A usage event with everything that a test does not care about filled in. */
export function usageEvent(over: Partial<UsageEvent> & { account?: string } = {}): UsageEvent {
  return {
    v: 1,
    id: 'x-1',
    time: '2026-03-02T08:00:00.000Z',
    account: 'a_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    model: 'atlas-2',
    outcome: 'ok',
    usage: { inputTokens: 20, outputTokens: 100 },
    params: {},
    customer: { plan: 'payg', product: 'api', createdAt: '2026-02-01T00:00:00.000Z' },
    shape: {
      turns: 1,
      system: false,
      words: 6,
      head: 6,
      instruction: false,
      lines: 0,
      script: 'latin',
      question: false,
      code: false,
      input: false,
    },
    behaviours: [],
    prints: [{ epoch: 'e1', prompt: print(1) }],
    ...over,
  };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A print (11 base64url characters) that stands for the number; equal numbers, equal prints; well mixed. */
export function print(seed: number): string {
  let state = (seed + 1) * 2654435761;
  let text = '';
  for (let i = 0; i < 11; i++) {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 374761393;
    text += ALPHABET[(state >>> 7) & 63];
  }
  return text;
}

/** A different account pseudonym for every number. */
export function account(n: number): string {
  const digits = 'abcdefghijklmnopqrstuvwxyz234567';
  let rest = n;
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = digits[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return `a_${text}`;
}

export const START = Date.parse('2026-03-02T00:00:00.000Z');
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export const iso = (ms: number): string => new Date(ms).toISOString();

/** Many different self-contained tasks at a steady pace: what a harvested query set looks like. */
export function harvest(of: {
  account: string;
  events: number;
  from?: number;
  everyMs?: number;
  seed?: number;
}): UsageEvent[] {
  const { from = START, everyMs = 20 * MINUTE, seed = 0 } = of;
  return Array.from({ length: of.events }, (_, i) => {
    const time = from + i * everyMs;
    return usageEvent({
      id: `${of.account}-${seed}-${i}`,
      account: of.account,
      time: iso(time),
      shape: { ...usageEvent().shape, instruction: true, words: 7, head: 7 },
      prints: [
        {
          epoch: 'e1',
          prompt: print(seed * 1_000_000 + i),
          opening: print(seed * 1_000_000 + 200_000 + i),
          closing: print(seed * 1_000_000 + 400_000 + i),
        },
      ],
    });
  });
}

/** One application with one template, fresh data in its slot. */
export function application(of: {
  account: string;
  events: number;
  from?: number;
  everyMs?: number;
  seed?: number;
}): UsageEvent[] {
  const { from = START, everyMs = 20 * MINUTE, seed = 0 } = of;
  return Array.from({ length: of.events }, (_, i) =>
    usageEvent({
      id: `${of.account}-${seed}-${i}`,
      account: of.account,
      time: iso(from + i * everyMs),
      shape: {
        ...usageEvent().shape,
        instruction: true,
        words: 12 + (i % 5),
        head: 7,
        lines: 3,
        input: true,
      },
      prints: [
        {
          epoch: 'e1',
          prompt: print(seed * 1_000_000 + i),
          opening: print(seed),
          closing: print(seed * 77 + (i % 9)),
        },
      ],
    }),
  );
}
