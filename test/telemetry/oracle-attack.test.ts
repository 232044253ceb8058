import { expect, it } from 'vitest';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { jsonView } from '../../lib/findings/views/json.ts';
import { type ArchivedEvent, EVENT_COLUMNS } from '../../lib/hunts/columns.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { binomialInterval } from '../../lib/statistics/binomial-interval.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { anExchange } from './exchanges.ts';

/**
 * The attacker is an insider with an oracle: an account at the gateway, which records whatever he asks, and one of the project's roles.
 * He knows that a customer's prompts hold one of a few word pairs, asks prompts with each of them from accounts of his own, and compares
 * what comes back. With raw prints he finds the pair; with what analysts and hunters may read he guesses. Groups that form by what is asked name nobody whose own behaviour is
 * ordinary (test/campaigns); what their size tells is in docs/security.md.
 */

const TRIALS = 12;
const GUESSES = 4;
const PROMPTS = 110;
const HOUR = 3_600_000;
const EVERY = 20 * 60_000;
const START = Date.parse('2026-03-01T00:00:00Z');

const uniform = seededRandom(11);
const pick = (below: number): number => Math.floor(uniform() * below);
const LETTERS = 'abcdefghijklmnoprstuvwz';
/** Of equal length: what sort of text it is tells no word from another. */
const WORDS = Array.from({ length: 300 }, () =>
  Array.from({ length: 6 }, () => LETTERS[pick(LETTERS.length)]).join(''),
);
const word = (): string => WORDS[pick(WORDS.length)] as string;
const recorder = createRecorder({ keys: developmentKeyring('a seed that no insider has') });

function promptWith(pair: string): string {
  const words = Array.from({ length: 12 }, word);
  words.splice(pick(words.length), 0, pair);
  return `Describe ${words.join(' ')}`;
}

function eventsOf(account: string, pair: string): UsageEvent[] {
  return Array.from({ length: PROMPTS }, (_, i) =>
    recorder.record(
      anExchange({
        account,
        id: `${account}-${i}`,
        time: new Date(START + i * EVERY).toISOString(),
        prompt: promptWith(pair),
      }),
    ),
  );
}

interface Seen {
  /** what roles without raw prints may read of the account: its notices, and its rows in the archive */
  readonly readable: readonly string[];
  readonly sketches: readonly string[];
}

const rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };

function seenOf(events: readonly UsageEvent[]): Seen {
  const account = events[0]?.account ?? '';
  const arrivals = events.map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 's/b1', sequence: padSequence(String(i + 1)), index: 0 },
  }));
  const { state } = processBatch(newAccount(account), arrivals, rules);
  const rows = events.map(
    (event, i): ArchivedEvent => ({
      event,
      stream: 's',
      shard: 'shardId-0',
      sequence: String(i + 1),
      line: 1,
      arrived: Date.parse(event.time),
      redriven: false,
    }),
  );
  const cells = rows.flatMap((row) => EVENT_COLUMNS.map(({ name, of }) => `${name}=${String(of(row))}`));

  const leaves = state.judgement.notices.flatMap((notice) => leavesOf(jsonView(notice, START + 60 * HOUR)));
  // a finding is part of what he reads
  expect(state.judgement.notices.length).toBeGreaterThan(0);
  return {
    readable: [...cells, ...leaves],
    sketches: events.flatMap(({ prints }) => sketchBins(prints[0]?.sketch ?? '')),
  };
}

function leavesOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}=${String(value)}`];
  return Object.entries(value).flatMap(([name, held]) => leavesOf(held, `${path}/${name}`));
}

/** A sketch's bins of 16 bits, each with its place. */
function sketchBins(sketch: string): string[] {
  const bytes = Buffer.from(sketch, 'base64url');
  return Array.from({ length: 16 }, (_, i) => `${i}:${bytes.readUInt16LE(2 * i)}`);
}

/** How often what one shows is shown by the other: what occurs everywhere says little, what is rare much. */
function likeness(a: readonly string[], b: readonly string[], common: ReadonlyMap<string, number>): number {
  const held = countsOf(b);
  let sum = 0;
  for (const [value, times] of countsOf(a))
    sum += Math.min(times, held.get(value) ?? 0) / (common.get(value) ?? 1);
  return sum;
}

function countsOf(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

const strangers = Array.from({ length: 20 }, (_, i) =>
  seenOf(eventsOf(`stranger-${i}`, `${word()} ${word()}`)),
);
it('an insider with an oracle recovers a word pair from raw prints, and none beyond chance from what analysts and hunters may read', () => {
  const right = { prints: 0, readable: 0 };
  for (let trial = 0; trial < TRIALS; trial++) {
    const pairs = Array.from({ length: GUESSES }, () => `${word()} ${word()}`);
    const secret = pick(GUESSES);
    const victim = seenOf(eventsOf(`victim-${trial}`, pairs[secret] as string));
    const own = pairs.map((pair, i) => seenOf(eventsOf(`insider-${trial}-${i}`, pair)));
    const best = (of: (seen: Seen) => readonly string[]): number => {
      const common = countsOf([...strangers, ...own].flatMap(of));
      const scores = own.map((seen) => likeness(of(victim), of(seen), common));
      return scores.indexOf(Math.max(...scores));
    };
    if (best(({ sketches }) => sketches) === secret) right.prints++;
    if (best(({ readable }) => readable) === secret) right.readable++;
  }
  console.info(
    `of ${TRIALS} word pairs, ${GUESSES} guesses each: ${right.prints} recovered from raw prints, ${right.readable} from what may be read (chance: ${TRIALS / GUESSES})`,
  );
  // competent: the same comparison finds it where prints are
  expect(right.prints).toBeGreaterThan(0.8 * TRIALS);
  const [low] = binomialInterval(right.readable, TRIALS);
  expect(low).toBeLessThanOrEqual(1 / GUESSES);
});
