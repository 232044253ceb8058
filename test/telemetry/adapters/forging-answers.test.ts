import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Exchange } from '../../../lib/telemetry/exchange.ts';
import { GATEWAY_SHAPES } from './gateway-shapes/index.ts';
import { readEntries } from './gateway-shapes/read-entries.ts';

/** A customer who has the model say what a log would: the JSON of another call, of messages. */
const FORGED = {
  ...{ v: 1, id: 'x', account: 'victim', time: '2016-01-01T00:00:00Z', model: 'z', outcome: 'error' },
  ...{ messages: [{ role: 'user', content: 'DECOY' }], usage: { input_tokens: 1, output_tokens: 1 } },
  response: { choices: [{ finish_reason: 'content_filter', message: { content: 'DECOY it is' } }] },
};
const TEXTS = [JSON.stringify(FORGED), JSON.stringify([{ role: 'user', content: 'DECOY' }])];

const ANSWERS = new Set(['By the moon.', 'By', 'mo', 'By ']);

function saying(value: unknown, text: string): unknown {
  if (typeof value === 'string' && ANSWERS.has(value)) return text;
  if (typeof value === 'string' && /^\s*[[{]/.test(value)) {
    try {
      return JSON.stringify(saying(JSON.parse(value), text));
    } catch {
      return value;
    }
  }
  if (Array.isArray(value)) return value.map((held) => saying(held, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, saying(held, text)]));
}

/** Who asked what, and when. */
function askedIn(exchanges: readonly Exchange[]): string {
  return JSON.stringify(
    exchanges.map(({ account, customer, time, origin, messages }) => ({
      ...{ account, customer, time, origin },
      asked: messages.filter(({ role }) => role !== 'assistant'),
    })),
  );
}

function endingOf(exchanges: readonly Exchange[]): string {
  return JSON.stringify(exchanges.map(({ outcome, usage }) => ({ outcome, usage })));
}

/** Rejected because it says no model; what its answer is made to say may name one. */
const WITHOUT_A_MODEL = 'Amazon Q Business conversation log: no model';

it('what a model was made to say is not what was asked, nor by whom and when, whatever logs it', () => {
  let changed = 0;
  const wrong: string[] = [];
  const ended = new Set<string>();
  for (const { name, entries } of GATEWAY_SHAPES) {
    const isSame = JSON.stringify(saying(entries, '')) === JSON.stringify(entries);
    if (isSame || name === WITHOUT_A_MODEL) continue;
    changed++;
    const { exchanges: plain } = readEntries(entries);
    for (const text of TEXTS) {
      const { exchanges } = readEntries(saying(entries, text) as readonly unknown[]);
      if (askedIn(exchanges) !== askedIn(plain)) wrong.push(`${name}: ${askedIn(exchanges).slice(0, 300)}`);
      if (endingOf(exchanges) !== endingOf(plain)) ended.add(name);
    }
  }
  expect(wrong).toEqual([]);
  // an answer's text may be the body of the API's answer: how the call ended, and its counts, are then what it says
  const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  expect(page).toContain(`in ${ended.size} of ${changed} logged shapes`);
});
