import { seeded, type Uniform } from '../lib/statistics/random.ts';
import { PHRASINGS } from '../lib/telemetry/behaviours.ts';
import { LIMIT_MS, pick, RUNS, recordCost, SIZE, worstCaseOptions } from './worst-case.ts';

/**
 * The worst megabyte that a search finds for the recorder: `npm run bench:worst-text [-- --seconds N --seed N --json]`.
 * A prompt is a head and a repeated unit, both of pieces that patterns and Unicode make dear: their own words, marks,
 * line breaks, symbols. The search keeps what costs most and changes it (hill climbing with restarts). A cost is processor
 * time, the least of several runs: what the text costs, not what else the machine does.
 */
const { seconds, seed, json } = worstCaseOptions();

/** What Unicode, layout and code make dear. */
const ODD = [
  ' ',
  '\n',
  '\n\n',
  '\t',
  '\r',
  '  ',
  ': ',
  '.',
  '=',
  '=> ',
  '(',
  ')',
  '{',
  '"',
  '#',
  '> ',
  '- ',
  '1. ',
  '```',
  'a',
  'aa',
  'a(',
  'return ',
  'function ',
  'SELECT ',
  'FROM ',
  'if (',
  'using a.',
  'import ',
  '@a',
  '\u0301',
  '\u0316',
  '\u0334',
  '\u0344',
  '\u0345',
  '\u3099',
  '\uff9e',
  '\uff9f',
  '\ufdfa',
  '\u200b',
  '\u1100\u1161',
  '\u0f73',
  '\ud800',
  '\u{1d15f}',
  '\u{1e8d0}',
  'Σ',
  'İ',
  '中',
  'の',
  '評',
  '\u{20000}',
  '１',
  'ﬃ',
];
const WORDS = [
  ...new Set(
    PHRASINGS.flatMap(({ triggers, pattern }) => [
      ...triggers.split(' '),
      ...(pattern.source.match(/[\p{L}]{2,}/gu) ?? []),
    ]),
  ),
];
const TRIGGERS = [...new Set(PHRASINGS.flatMap(({ triggers }) => triggers.split(' ')))].join(' ');

interface Text {
  readonly head: string;
  readonly unit: readonly string[];
}

function textOf({ head, unit }: Text): string {
  const repeated = unit.join('');
  return (
    head +
    repeated
      .repeat(Math.ceil((SIZE - head.length) / Math.max(1, repeated.length)))
      .slice(0, SIZE - head.length)
  );
}

const costOf = (text: Text, runs: number): number =>
  recordCost([{ role: 'user', content: textOf(text) }], runs);

function piece(uniform: Uniform): string {
  return uniform() < 0.5 ? pick(uniform, ODD) : `${pick(uniform, WORDS)}${uniform() < 0.8 ? ' ' : ''}`;
}

const HEADS = ['', `${TRIGGERS} `, `${'=a '.repeat(60)}`, `x${'=a'.repeat(146)}\n`];

function fresh(uniform: Uniform): Text {
  return {
    head: pick(uniform, HEADS),
    unit: Array.from({ length: 1 + Math.floor(uniform() * 6) }, () => piece(uniform)),
  };
}

function changed(uniform: Uniform, { head, unit }: Text): Text {
  const at = Math.floor(uniform() * unit.length);
  const kind = uniform();
  if (kind < 0.15) return { head: pick(uniform, HEADS), unit };
  if (kind < 0.5) return { head, unit: unit.map((held, i) => (i === at ? piece(uniform) : held)) };
  if (kind < 0.8 || unit.length < 2)
    return { head, unit: [...unit.slice(0, at), piece(uniform), ...unit.slice(at)] };
  return { head, unit: unit.filter((_, i) => i !== at) };
}

const uniform = seeded(seed);
const until = performance.now() + seconds * 1000;
const plain = costOf({ head: '', unit: ['the quick brown fox jumps over '] }, RUNS * 4);
let worst: { text: Text; ms: number } = { text: { head: '', unit: ['a '] }, ms: 0 };
let tried = 0;
const seeds: Text[] = ODD.flatMap((odd) => HEADS.slice(0, 3).map((head) => ({ head, unit: [odd] })));
while (performance.now() < until) {
  let text = seeds.pop() ?? fresh(uniform);
  let ms = costOf(text, 2);
  tried++;
  for (let stale = 0; stale < 12 && performance.now() < until && ms > worst.ms / 2; ) {
    const next = changed(uniform, text);
    const cost = costOf(next, 2);
    tried++;
    if (cost > ms * 1.02) {
      text = next;
      ms = cost;
      stale = 0;
    } else stale++;
  }
  if (ms > worst.ms) {
    ms = costOf(text, RUNS);
    if (ms > worst.ms) worst = { text, ms };
  }
}
const ms = costOf(worst.text, RUNS * 4);
const found = { tried, plainMs: plain, worstMs: ms, limitMs: LIMIT_MS, ...worst.text };
process.stdout.write(
  json
    ? `${JSON.stringify(found)}\n`
    : `${tried} texts of 1 MB tried (seed ${seed}); plain words ${plain.toFixed(2)} ms, worst ${ms.toFixed(2)} ms (limit ${LIMIT_MS} ms)\nhead ${JSON.stringify(worst.text.head.slice(0, 60))}, then ${JSON.stringify(worst.text.unit.join(''))} repeated\n`,
);
process.exitCode = ms > LIMIT_MS ? 1 : 0;
