import { expect, it } from 'vitest';
import type { Exchange } from '../../../lib/telemetry/exchange.ts';
import { isAsked } from '../../../lib/telemetry/turns.ts';
import { GATEWAY_SHAPES } from './gateway-shapes/index.ts';
import { readEntries } from './gateway-shapes/read-entries.ts';
import { PROMPT } from './gateway-shapes/shape.ts';

/** A customer who writes what he asks as JSON of something else: of a tool's result, of messages in which nobody asks, of a body. */
const QUESTION = 'solve the equation and show every step';
const TEXTS = [
  JSON.stringify([{ question: QUESTION }]),
  JSON.stringify([{ role: 'tool', content: QUESTION }]),
  JSON.stringify({ type: 'tool_result', content: QUESTION }),
];

/** JSON of a whole call: of another account, at another time, that asked something else and ended otherwise. */
const FORGED = JSON.stringify({
  ...{ v: 1, id: 'x', account: 'victim', time: '2016-01-01T00:00:00Z', model: 'z', outcome: 'error' },
  ...{ messages: [{ role: 'user', content: 'DECOY' }], usage: { input_tokens: 1, output_tokens: 1 } },
  response: { choices: [{ finish_reason: 'content_filter', message: { content: 'DECOY it is' } }] },
  note: QUESTION,
});
/** JSON that lies deeper than a stack of calls is high. */
const DEEP = `${'['.repeat(5_000)}"${QUESTION}"${']'.repeat(5_000)}`;

/** The text is the request's body there, or a placeholder stands behind it: refused, and said. */
const REFUSED = /^(?:LiteLLM: allm_passthrough_route|a placeholder behind)/;

/** A text that is JSON, changed within; any other as it is. */
function withinJson(text: string, change: (held: unknown) => unknown): string {
  try {
    return JSON.stringify(change(JSON.parse(text)));
  } catch {
    return text;
  }
}

function asking(value: unknown, text: string): unknown {
  if (value === PROMPT) return text;
  if (typeof value === 'string' && value.includes(PROMPT) && /^\s*[[{]/.test(value))
    return withinJson(value, (held) => asking(held, text));
  if (Array.isArray(value)) return value.map((held) => asking(held, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, asking(held, text)]));
}

/** Who asked, when, which model, and how it ended. */
function factsOf(exchange: Exchange | undefined): string {
  const { account, customer, time, model, outcome, usage, completion } = exchange ?? {};
  return JSON.stringify({ account, customer, time, model, outcome, usage, completion });
}

const SHAPES = GATEWAY_SHAPES.flatMap(({ name, entries }) => {
  const [exchange, ...more] = readEntries(entries).exchanges;
  const isChanged = JSON.stringify(asking(entries, '')) !== JSON.stringify(entries);
  const isLast = exchange?.messages.findLast(({ role }) => role === 'user')?.content === PROMPT;
  return more.length === 0 && isChanged && isLast && isAsked(exchange?.messages ?? []) && !REFUSED.test(name)
    ? [{ name, entries, facts: factsOf(exchange) }]
    : [];
});

it('a question that is written as other JSON is what the customer asked, whatever logs it', () => {
  expect(SHAPES.length).toBeGreaterThan(400);
  const hidden = [...TEXTS, FORGED, DEEP].flatMap((text) =>
    SHAPES.flatMap(({ name, entries, facts }) => {
      const { exchanges } = readEntries(asking(entries, text) as readonly unknown[]);
      const [exchange] = exchanges;
      const messages = exchange?.messages ?? [];
      const isSaid = messages.some(({ content }) => content?.includes(QUESTION));
      const isSame = exchanges.length === 1 && factsOf(exchange) === facts;
      return isSaid && isSame && isAsked(messages) ? [] : [`${name}: ${text.slice(0, 60)}`];
    }),
  );
  expect(hidden).toEqual([]);
});
