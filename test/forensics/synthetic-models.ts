import { type AnswerSheet, readAnswerSheet } from '../../lib/forensics/answers.ts';
import { normalFrom, type Random } from '../../lib/statistics/generator.ts';

/** A synthetic exam: difficulty and pull of each wrong option per item. */
export interface Exam {
  readonly key: number[];
  readonly options: number[];
  readonly difficulty: number[];
  readonly pull: number[][];
}

export function makeExam(items: number, random: Random): Exam {
  const exam: Exam = { key: [], options: [], difficulty: [], pull: [] };
  for (let i = 0; i < items; i++) {
    const options = random() < 0.8 ? 10 : 4;
    const key = Math.floor(random() * options);
    exam.options.push(options);
    exam.key.push(key);
    exam.difficulty.push(1.3 * normalFrom(random));
    exam.pull.push(
      Array.from({ length: options }, (_, k) => (k === key ? 0 : Math.exp(1.2 * normalFrom(random)))),
    );
  }
  return exam;
}

/** Chosen options of a model of the given ability, which copies `parent` at a share of the items. */
export function takeExam(
  exam: Exam,
  ability: number,
  random: Random,
  parent?: number[],
  share = 0,
): number[] {
  return exam.key.map((key, i) => {
    if (parent !== undefined && random() < share) return parent[i] as number;
    if (random() < 1 / (1 + Math.exp((exam.difficulty[i] as number) - ability))) return key;
    const pull = exam.pull[i] as number[];
    let left = random() * pull.reduce((a, b) => a + b, 0);
    for (let k = 0; k < pull.length; k++) {
      left -= pull[k] as number;
      if (left <= 0 && k !== key) return k;
    }
    return (key + 1) % pull.length;
  });
}

const letterOf = (k: number) => String.fromCharCode(65 + k);

export function linesOf(exam: Exam, choices: readonly (number | null)[]): string[] {
  return choices.map((c, i) =>
    JSON.stringify({
      item: `q${i}`,
      answer: c === null ? null : letterOf(c),
      correct: letterOf(exam.key[i] as number),
      options: exam.options[i],
    }),
  );
}

export function sheetOf(model: string, exam: Exam, choices: readonly (number | null)[]): AnswerSheet {
  return readAnswerSheet(model, linesOf(exam, choices));
}

/** Names of which no two look like kin. */
export const strangers = [
  'amber',
  'birch',
  'cedar',
  'dahlia',
  'elder',
  'fern',
  'garnet',
  'hazel',
  'iris',
  'jasper',
  'kelp',
  'linden',
  'maple',
  'nettle',
  'olive',
  'pine',
  'quartz',
  'rowan',
  'sage',
  'thyme',
];

/** Texts of a model with habits of its own, drawn towards `teacher`'s wording at a share of the sentences. */
export function writeTexts(
  prompts: number,
  habits: readonly string[],
  random: Random,
  teacher?: readonly string[],
  share = 0,
): string[] {
  return Array.from({ length: prompts }, (_, p) => {
    const taught = teacher?.[p]?.split('. ') ?? [];
    const sentences = Array.from({ length: 5 }, (_, s) => {
      if (taught[s] !== undefined && random() < share) return taught[s];
      const topic = Array.from({ length: 6 }, () => `topic${p}w${Math.floor(random() * 25)}`);
      return `${habits[Math.floor(random() * habits.length)]} ${topic.join(' ')}`;
    });
    return sentences.join('. ');
  });
}

export function textSheet(model: string, texts: readonly string[]): AnswerSheet {
  return readAnswerSheet(
    model,
    texts.map((text, i) => JSON.stringify({ item: `p${i}`, text })),
  );
}

/** A handful of habitual phrases. */
export function makeHabits(random: Random): string[] {
  const words =
    'here note first however in summary it is important to consider also we can see that for example some of the most'.split(
      ' ',
    );
  return Array.from({ length: 8 }, () =>
    Array.from({ length: 4 }, () => words[Math.floor(random() * words.length)]).join(' '),
  );
}
