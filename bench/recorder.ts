import { parseArgs } from 'node:util';
import { readBatches } from '../lib/input/lines.ts';
import type { Exchange } from '../lib/telemetry/exchange.ts';
import { developmentKeyring, type Keyring } from '../lib/telemetry/keys.ts';
import { parseExchange } from '../lib/telemetry/parse-exchange.ts';
import { parseUsageEvent } from '../lib/telemetry/parse-usage-event.ts';
import { decodeRecord, encodeRecord } from '../lib/telemetry/record-codec.ts';
import { createRecorder } from '../lib/telemetry/recorder.ts';

/**
 * How fast telemetry is on one core: `npm run bench:recorder [-- --data FILE] [--json]`.
 * Prompts are made of a fixed vocabulary, a kilobyte each, one in five with an instruction wrapper; `--data FILE`
 * takes exchanges of the user's own instead. Each figure is the median of five rounds.
 */
const { values } = parseArgs({
  options: { data: { type: 'string' }, json: { type: 'boolean', default: false } },
});

const COUNT = 5000;
const ROUNDS = 5;

/** Numbers in [0, 1), the same on every run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const WRAPPERS = [
  'Think step by step before you answer.\n\n',
  'Rate the response from 1 to 10.\n\nResponse: ',
  'Answer in JSON.\n\n',
  'You are a careful editor. Improve this text:\n\n',
  'List the main points:\n- ',
];

function madeExchanges(length: number): Exchange[] {
  const random = generator(7);
  const vocabulary = Array.from({ length: 4000 }, () =>
    Array.from({ length: 2 + Math.floor(random() * 8) }, () =>
      String.fromCharCode(97 + Math.floor(random() ** 1.5 * 26)),
    ).join(''),
  );
  return Array.from({ length: COUNT }, (_, i) => {
    let prompt = i % 5 === 0 ? (WRAPPERS[(i / 5) % WRAPPERS.length] as string) : '';
    while (prompt.length < length)
      prompt += `${vocabulary[Math.floor(random() ** 2 * vocabulary.length)]}${random() < 0.08 ? '. ' : random() < 0.02 ? '\n' : ' '}`;
    return {
      v: 1,
      id: `x-${i}`,
      time: new Date(1772352000000 + i * 1000).toISOString(),
      account: `acct-${i % 500}`,
      model: 'atlas-2',
      messages: [
        { role: 'system', content: `You are assistant ${i % 20}.` },
        { role: 'user', content: prompt.slice(0, length) },
      ],
      usage: { inputTokens: 250, outputTokens: 300 },
      outcome: 'ok',
      origin: {
        ip: `198.18.${i % 250}.${i % 99}`,
        asn: 64512 + (i % 9),
        tls: 't13d1516h2_8daaf6152771',
        userAgent: 'python-requests/2.31.0',
        credential: `key-${i % 600}`,
      },
      customer: { plan: 'payg', product: 'api', createdAt: '2026-01-10T00:00:00Z', payment: `pm-${i % 400}` },
    } satisfies Exchange;
  });
}

async function givenExchanges(file: string): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  for await (const batch of readBatches([file])) {
    for (const line of batch.lines) {
      if (line.trim() === '') continue;
      const parsed = parseExchange(JSON.parse(line));
      if (parsed.ok) exchanges.push(parsed.exchange);
    }
    if (exchanges.length >= 4 * COUNT) break;
  }
  return exchanges.slice(0, 4 * COUNT);
}

/** Items a second of processor time (so that a busy machine does not count): the median of the rounds, after one to warm up. */
function measure(items: number, run: () => void): number {
  run();
  const rates = Array.from({ length: ROUNDS }, () => {
    const started = process.cpuUsage();
    run();
    const used = process.cpuUsage(started);
    return (items / (used.user + used.system)) * 1e6;
  }).sort((a, b) => a - b);
  return Math.round(rates[Math.floor(ROUNDS / 2)] as number);
}

const overlapping: Keyring = {
  account: { secret: 'bench-account-'.repeat(3) },
  epochs: [
    { id: 'old', secret: 'bench-old-'.repeat(4), from: '2026-01-01T00:00:00Z' },
    { id: 'new', secret: 'bench-new-'.repeat(4), from: '2026-02-01T00:00:00Z' },
  ],
};
const exchanges = values.data === undefined ? madeExchanges(1024) : await givenExchanges(values.data);
const recorder = createRecorder({ keys: developmentKeyring('bench') });
const rotating = createRecorder({ keys: overlapping });
const lines = exchanges.map((exchange) => JSON.stringify(exchange));
const events = exchanges.map((exchange) => recorder.record(exchange));
const eventLines = events.map((event) => JSON.stringify(event));
const parsedEvents = eventLines.map((line): unknown => JSON.parse(line));
const records = Array.from({ length: Math.ceil(events.length / 200) }, (_, i) =>
  encodeRecord({ bucket: 0 }, events.slice(i * 200, i * 200 + 200)),
);
const [megabyte] = madeExchanges(1024).slice(0, 1);
if (megabyte === undefined) throw new Error('no exchange');
const huge: Exchange = {
  ...megabyte,
  messages: [{ role: 'user', content: 'The tide rises, the tide falls. '.repeat(32_768) }],
};

/**
 * What the fields without a key tell somebody whose dictionary is exactly the prompts that were asked: the share of
 * prompts that no other prompt shares them with, and how often the best guess is right.
 */
function dictionary(): { prompts: number; alonePercent: number; bestGuessPercent: number } {
  const facts = new Map(
    events.map((event) => [
      event.prints[0]?.prompt ?? '',
      JSON.stringify([event.shape, event.behaviours, event.usage.inputTokens]),
    ]),
  );
  const classes = new Map<string, number>();
  for (const fact of facts.values()) classes.set(fact, (classes.get(fact) ?? 0) + 1);
  const alone = [...classes.values()].filter((size) => size === 1).length;
  const percent = (part: number) => Number(((100 * part) / facts.size).toFixed(1));
  return { prompts: facts.size, alonePercent: percent(alone), bestGuessPercent: percent(classes.size) };
}

const figures = {
  exchanges: exchanges.length,
  charactersPerPrompt: Math.round(
    exchanges.reduce((sum, exchange) => sum + JSON.stringify(exchange.messages).length, 0) / exchanges.length,
  ),
  recordPerSecond: measure(exchanges.length, () => {
    for (const exchange of exchanges) recorder.record(exchange);
  }),
  recordInOverlapPerSecond: measure(exchanges.length, () => {
    for (const exchange of exchanges) rotating.record(exchange);
  }),
  parseAndRecordPerSecond: measure(exchanges.length, () => {
    for (const line of lines) {
      const parsed = parseExchange(JSON.parse(line));
      if (parsed.ok) recorder.record(parsed.exchange);
    }
  }),
  megabytePromptMilliseconds: Number(
    (
      1000 /
      measure(20, () => {
        for (let i = 0; i < 20; i++) recorder.record(huge);
      })
    ).toFixed(2),
  ),
  validateMicroseconds: Number(
    (
      1e6 /
      measure(events.length, () => {
        for (const event of parsedEvents) if (!parseUsageEvent(event).ok) throw new Error('not valid');
      })
    ).toFixed(2),
  ),
  decodeEventsPerSecond: measure(events.length, () => {
    for (const record of records)
      if (decodeRecord(record).reason !== undefined) throw new Error('not decoded');
  }),
  bytesPerEvent: Math.round(eventLines.reduce((sum, line) => sum + line.length + 1, 0) / events.length),
  bytesPerEventInRecords: Math.round(records.reduce((sum, record) => sum + record.length, 0) / events.length),
  ...(values.data === undefined ? {} : { dictionary: dictionary() }),
};

if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
else {
  const rows: [string, string][] = [
    ['exchanges', `${figures.exchanges}, ${figures.charactersPerPrompt} characters of messages on average`],
    ['record', `${figures.recordPerSecond}/s, one key epoch`],
    ['', `${figures.recordInOverlapPerSecond}/s, two key epochs (overlap)`],
    ['', `${figures.parseAndRecordPerSecond}/s from NDJSON lines (parse, validate, record)`],
    ['prompt of a megabyte', `${figures.megabytePromptMilliseconds} ms`],
    ['validate a usage event', `${figures.validateMicroseconds} µs`],
    ['decode records of 200', `${figures.decodeEventsPerSecond} events/s (gunzip, JSON, validation)`],
    ['usage event', `${figures.bytesPerEvent} bytes as JSON, ${figures.bytesPerEventInRecords} in a record`],
  ];
  if (figures.dictionary !== undefined) {
    const { prompts, alonePercent, bestGuessPercent } = figures.dictionary;
    rows.push([
      'exact dictionary',
      `${prompts} prompts: ${alonePercent} % alone by unkeyed fields, best guess right in ${bestGuessPercent} %`,
    ]);
  }
  for (const [name, figure] of rows) process.stdout.write(`${name.padEnd(24)}${figure}\n`);
}
