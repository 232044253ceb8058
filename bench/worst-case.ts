import { parseArgs } from 'node:util';
import type { Uniform } from '../lib/statistics/random.ts';
import type { Exchange } from '../lib/telemetry/exchange.ts';
import { developmentKeyring } from '../lib/telemetry/keys.ts';
import { createRecorder } from '../lib/telemetry/recorder.ts';

/** What the searches for the recorder's worst case share: bench:worst-text and bench:worst-conversation. */

/** Characters of what is tried. */
export const SIZE = 1_000_000;
/** Most that `record` may cost for it, ms. */
export const LIMIT_MS = 5;
/** Runs of which the least counts; four times as many for what was found in the end. */
export const RUNS = 5;

/** `--seconds N --seed N --json` */
export function worstCaseOptions(): { seconds: number; seed: number; json: boolean } {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  return { seconds: Number(values.seconds), seed: Number(values.seed), json: values.json };
}

export function pick<T>(uniform: Uniform, list: readonly T[]): T {
  return list[Math.floor(uniform() * list.length)] as T;
}

const recorder = createRecorder({ keys: developmentKeyring('worst case') });

/** ms of processor time of one `record` of these messages, the least of so many runs; they may be of any form, as a customer's are */
export function recordCost(messages: unknown, runs: number): number {
  const exchange = {
    v: 1,
    id: 'worst',
    time: '2026-03-01T08:00:00.000Z',
    account: 'acct',
    model: 'atlas-2',
    messages,
    usage: { inputTokens: 1, outputTokens: 1 },
    outcome: 'ok',
    customer: { plan: 'payg', product: 'api', createdAt: '2026-01-01T00:00:00Z' },
  } as Exchange;
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const began = process.cpuUsage();
    recorder.record(exchange);
    const { user, system } = process.cpuUsage(began);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
