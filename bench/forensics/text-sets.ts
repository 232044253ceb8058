import { type AnswerData, type Documented, knownLineages, type ReasoningLineage } from './data.ts';
import type { TextSet } from './texts.ts';

/** Traces and replies of reasoning models: what `reasoning/lineage.json` says of them. */
export function reasoningSet(from: AnswerData): TextSet | undefined {
  if (!from.has('reasoning/lineage.json')) return undefined;
  const lineage = from.json<ReasoningLineage>('reasoning/lineage.json');
  const taught = lineage.pairs.filter(([, , kind]) => kind === 'distilled');
  // A later release of the teacher's line stands in for one that is not among the candidates.
  const candidates = lineage.teachers.slice(0, 6);
  const stand = (t: string) => (candidates.includes(t) ? t : (candidates.find((c) => t.startsWith(c)) ?? t));
  const sheets = from.load('reasoning/pm-traces');
  const models = sheets.map((s) => s.model);
  const tied = new Set([...lineage.pairs.flat(), ...candidates]);
  return {
    name: 'pm-traces',
    parts: ['trace', 'reply'],
    accuseStrangers: true,
    sheets,
    documented: taught.map(([student, teacher]) => ({ student, teachers: [stand(teacher)] })),
    pairs: taught.map(([student, teacher]) => [student, teacher] as const),
    controls: lineage.controls,
    ofUnknownLineage: lineage.unknown,
    candidates,
    strangers: models.filter((m) => !tied.has(m) && !/^deepseek/.test(m)),
    of: knownLineages(models, lineage.released),
    withoutDates: knownLineages(models),
  };
}

/** Replies to trick prompts: the pairs that vendors document, written out here as the set has no lineage file. */
export function misguidedSet(from: AnswerData): TextSet {
  const sheets = from.load('reasoning/misguided');
  const of = knownLineages(sheets.map((s) => s.model));
  const pairs = [
    ['deepseek-r1-distill-llama-70b', 'deepseek-r1'],
    ['ll3.3-nemotron-49b-v1-thk', 'deepseek-r1'],
    ['qwen3-30b-a3b-think', 'qwen3-235b-a22b-think'],
    ['qwen3-30b-a3b-nothink', 'qwen3-235b-a22b-nothink'],
  ] as const;
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
  return {
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
  };
}

/** AlpacaEval with what `lineage.json` says of it. */
export function alpacaSet(from: AnswerData): TextSet {
  const sheets = from.load('alpaca-eval');
  const models = sheets.map((s) => s.model);
  const own = from.json<Documented[]>('lineage.json').filter((l) => l.set === 'alpaca-eval');
  const students = new Set(own.map((l) => l.student));
  /** Candidates: every teacher of the list, and the hosted models of the same makers and their rivals. */
  const isCandidate = (m: string) =>
    own.some((l) => l.teachers.includes(m)) || /^(gpt|text_davinci|claude|cohere|gemini)/.test(m);
  const controls = models.filter((m) => !students.has(m) && !isCandidate(m));
  const of = knownLineages(models);
  return {
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
  };
}
