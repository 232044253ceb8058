/** One measured rate, as the benchmark prints it. */
export interface Measured {
  readonly what: string;
  readonly data: string;
  readonly rate: string;
}

/** Error rates of the method, from `npm run bench:forensics`; the report's appendix prints them. */
export const MEASURED: readonly Measured[] = [
  {
    what: 'Unrelated pairs convicted at 1 %',
    data: 'multiple choice (MMLU-Pro), 193 pairs',
    rate: '1 (0.5 %; 95 % 0.0 to 2.9 %)',
  },
  {
    what: 'Unrelated pairs convicted at 5 %',
    data: 'multiple choice (MMLU-Pro), 193 pairs',
    rate: '9 (4.7 %; 95 % 2.2 to 8.7 %)',
  },
  {
    what: 'Pairs of one base found at 1 %',
    data: 'multiple choice (MMLU-Pro), 5 pairs',
    rate: '3',
  },
  {
    what: 'Unrelated pairs convicted at 1 %',
    data: 'free-form answers (code output), 356 pairs',
    rate: '3 (0.8 %; 95 % 0.2 to 2.4 %)',
  },
  {
    what: 'Same weights or snapshots found at 1 %',
    data: 'free-form answers (code output), 4 pairs',
    rate: '4',
  },
  {
    what: 'Unrelated pairs convicted at 1 % or the smallest p',
    data: 'traces and replies of reasoning models, 77 pairs',
    rate: '1 (1.3 %; 95 % 0.0 to 7.0 %)',
  },
  {
    what: 'Documented students found at 5 %',
    data: 'traces and replies of reasoning models, 9 pairs',
    rate: '5 (95 % 21 to 86 %)',
  },
  {
    what: 'First of six candidates is the teacher',
    data: 'traces of reasoning models, 9 students',
    rate: '8 (95 % 52 to 100 %)',
  },
  {
    what: 'Strangers for whom a teacher was named',
    data: 'traces and replies, 10 models; replies to trick prompts, 9 models',
    rate: '0',
  },
  {
    what: 'Strangers for whom a teacher was named, all dates allowing it',
    data: 'replies (AlpacaEval), 23 models, ten candidates',
    rate: '1 (4.3 %; 95 % 0.1 to 21.9 %)',
  },
];
