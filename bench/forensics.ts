/**
 * Measures the forensic tests on public answers: `npm run bench:forensics -- --data DIR [--json FILE] [--quick] [--only SET]`.
 * DIR holds `mmlu-pro/`, `alpaca-eval/` (one NDJSON file a model), `lineage.json`, and `reasoning/` with `pm-traces/`,
 * `misguided/`, `freeform-crux/`, `freeform-math-l5/` and its own `lineage.json`; or it holds all this in `answers/`. What is
 * missing is skipped. SET is the name of one of these folders, or `selection`.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchChoices, benchSelection } from './forensics/choices.ts';
import { AnswerData, type Documented, knownLineages, type ReasoningLineage } from './forensics/data.ts';
import { benchFreeForm, withoutOptions } from './forensics/free-form.ts';
import { say } from './forensics/rates.ts';
import { benchTexts } from './forensics/texts.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const folder = flags.data;
const inner = folder === undefined ? undefined : join(folder, 'answers');
const found = inner !== undefined && existsSync(join(inner, 'lineage.json')) ? inner : folder;
const data = found === undefined ? undefined : new AnswerData(found);
if (data === undefined || !data.has('lineage.json')) {
  say('bench:forensics skipped: give --data DIR with mmlu-pro/, alpaca-eval/, reasoning/ and lineage.json');
  process.exit(0);
}
const result: Record<string, unknown> = {};
const documented = data.json<Documented[]>('lineage.json');
const wanted = (set: string) => flags.only === undefined || flags.only === set;
const load = (set: string) => (wanted(set.split('/').pop() ?? set) ? data.load(set) : []);

function reasoningTexts(from: AnswerData): void {
  if (!from.has('reasoning/lineage.json')) return;
  const lineage = from.json<ReasoningLineage>('reasoning/lineage.json');
  const taught = lineage.pairs.filter(([, , kind]) => kind === 'distilled');
  // A later release of the teacher's line stands in for one that is not among the candidates.
  const candidates = lineage.teachers.slice(0, 6);
  const stand = (t: string) => (candidates.includes(t) ? t : (candidates.find((c) => t.startsWith(c)) ?? t));
  const sheets = load('reasoning/pm-traces');
  const models = sheets.map((s) => s.model);
  const tied = new Set([...lineage.pairs.flat(), ...candidates]);
  benchTexts(
    {
      name: 'pm-traces',
      parts: ['trace', 'reply'],
      accuseStrangers: true,
      sheets,
      documented: taught.map(([student, teacher]) => ({ student, teachers: [stand(teacher)] })),
      pairs: taught.map(([student, teacher]) => [student, teacher] as const),
      controls: lineage.controls,
      candidates,
      strangers: models.filter((m) => !tied.has(m) && !/^deepseek/.test(m)),
      of: knownLineages(models, lineage.released),
      withoutDates: knownLineages(models),
    },
    result,
  );
  benchMisguided(from);
}

/** Replies to trick prompts: the pairs that vendors document, written out here as the set has no lineage file. */
function benchMisguided(from: AnswerData): void {
  const sheets = wanted('misguided') ? from.load('reasoning/misguided') : [];
  const models = sheets.map((s) => s.model);
  const pairs = [
    ['deepseek-r1-distill-llama-70b', 'deepseek-r1'],
    ['ll3.3-nemotron-49b-v1-thk', 'deepseek-r1'],
    ['qwen3-30b-a3b-think', 'qwen3-235b-a22b-think'],
    ['qwen3-30b-a3b-nothink', 'qwen3-235b-a22b-nothink'],
  ] as const;
  const of = knownLineages(models);
  const controls = [
    'claude-3.7-sonnet',
    'horizon-alpha',
    'jamba-1.6-large',
    'minimax-01',
    'qwen-max',
    'deepseek-v3',
    'hermes-3-llama-3.1-70b',
    'quasar-alpha',
    'claude-opus-4',
  ];
  benchTexts(
    {
      name: 'misguided',
      parts: ['reply'],
      accuseStrangers: true,
      sheets,
      documented: pairs.map(([student, teacher]) => ({ student, teachers: [teacher] })),
      pairs,
      controls,
      candidates: ['deepseek-r1', 'qwen3-235b-a22b-think', 'qwen3-235b-a22b-nothink', 'claude-sonnet-4'],
      strangers: controls,
      of,
      withoutDates: of,
    },
    result,
  );
}

function alpacaTexts(): void {
  const sheets = load('alpaca-eval');
  const models = sheets.map((s) => s.model);
  const own = documented.filter((l) => l.set === 'alpaca-eval');
  const students = new Set(own.map((l) => l.student));
  /** Candidates: every teacher of the list, and the hosted models of the same makers and their rivals. */
  const isCandidate = (m: string) =>
    own.some((l) => l.teachers.includes(m)) || /^(gpt|text_davinci|claude|cohere|gemini)/.test(m);
  const controls = models.filter((m) => !students.has(m) && !isCandidate(m));
  const of = knownLineages(models);
  benchTexts(
    {
      name: 'alpaca-eval',
      parts: ['reply'],
      accuseStrangers: false,
      sheets,
      documented: own,
      pairs: own.flatMap((l) => l.teachers.slice(0, 1).map((t) => [l.student, t] as const)),
      controls,
      candidates: models.filter(isCandidate),
      strangers: controls,
      of,
      withoutDates: of,
    },
    result,
  );
}

reasoningTexts(data);
alpacaTexts();
for (const set of ['freeform-crux', 'freeform-math-l5']) benchFreeForm(set, load(`reasoning/${set}`), result);
const choices = load('mmlu-pro');
benchSelection(flags.only === 'selection' ? data.load('mmlu-pro') : choices, result);
benchFreeForm('mmlu-pro without options', withoutOptions(choices), result);
benchChoices(
  choices,
  documented.filter((l) => l.set === 'mmlu-pro'),
  flags.quick,
  result,
);
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(result, null, 1)}\n`);
