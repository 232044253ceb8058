import { seeded } from '../lib/statistics/random.ts';
import { LIMIT_MS, pick, RUNS, recordCost, SIZE, worstCaseOptions } from './worst-case.ts';

/**
 * The worst megabyte of messages, parts and tools' results that a search finds for the recorder:
 * `npm run bench:worst-conversation [-- --seconds N --seed N --json]`. A conversation is one small JSON value, repeated as messages,
 * as parts of a message or as values of a result; what costs most is changed and tried again. `bench:worst-text` is the same for
 * one prompt's text. A cost is processor time, the least of several runs.
 */
const { seconds, seed, json } = worstCaseOptions();

const ROLES = ['user', 'assistant', 'system', 'tool', 'A.USER', 'x'];
const NAMES = [
  ...['text', 'type', 'content', 'parts', 'source', 'data', 'document', 'file', 'toolResult', 'result'],
  ...['response', 'output', 'json', 'guardContent', 'media_type', 'inlineData', 'a'],
];
const WORDS = [
  '',
  'a',
  '{"a":"b"}',
  'text',
  'tool_result',
  'search_result',
  'text/plain',
  'QUJD',
  'do this?',
];

type Place = 'messages' | 'parts' | 'values';
const PLACES: readonly Place[] = ['messages', 'parts', 'values'];

interface Conversation {
  readonly place: Place;
  readonly role: string;
  readonly unit: unknown;
}

const uniform = seeded(seed);

function value(depth: number): unknown {
  const kind = uniform();
  if (depth === 0 || kind < 0.3) return pick(uniform, [...WORDS, 1, null, true]);
  const size = Math.floor(uniform() * 4);
  if (kind < 0.55) return Array.from({ length: size }, () => value(depth - 1));
  return Object.fromEntries(Array.from({ length: size }, () => [pick(uniform, NAMES), value(depth - 1)]));
}

function fresh(): Conversation {
  return { place: pick(uniform, PLACES), role: pick(uniform, ROLES), unit: value(3) };
}

function changed(held: Conversation): Conversation {
  const kind = uniform();
  if (kind < 0.2) return { ...held, place: pick(uniform, PLACES) };
  if (kind < 0.4) return { ...held, role: pick(uniform, ROLES) };
  if (kind < 0.7) return { ...held, unit: [held.unit, value(2)] };
  return { ...held, unit: { [pick(uniform, NAMES)]: held.unit, [pick(uniform, NAMES)]: value(2) } };
}

function messagesOf({ place, role, unit }: Conversation): readonly unknown[] {
  const whole = place === 'messages' ? { role, content: unit } : unit;
  const text = JSON.stringify(whole);
  const many = JSON.parse(
    `[${Array(Math.ceil(SIZE / (text.length + 1)))
      .fill(text)
      .join(',')}]`,
  ) as unknown[];
  if (place === 'messages') return many;
  return [{ role, content: place === 'parts' ? many : [{ toolResult: many }] }];
}

const costOf = (held: Conversation, runs: number): number => recordCost(messagesOf(held), runs);

const until = performance.now() + seconds * 1000;
let worst: { held: Conversation; ms: number } = { held: fresh(), ms: 0 };
let tried = 0;
while (performance.now() < until) {
  const held = uniform() < 0.5 ? changed(worst.held) : fresh();
  tried++;
  if (costOf(held, 2) <= worst.ms) continue;
  const ms = costOf(held, RUNS);
  if (ms > worst.ms) worst = { held, ms };
}
const ms = costOf(worst.held, RUNS * 4);
const found = { tried, worstMs: ms, limitMs: LIMIT_MS, ...worst.held };
process.stdout.write(
  json
    ? `${JSON.stringify(found)}\n`
    : `${tried} conversations of 1 MB tried (seed ${seed}); worst ${ms.toFixed(2)} ms (limit ${LIMIT_MS} ms)\n${worst.held.place} of ${worst.held.role}: ${JSON.stringify(worst.held.unit).slice(0, 400)} repeated\n`,
);
process.exitCode = ms > LIMIT_MS ? 1 : 0;
