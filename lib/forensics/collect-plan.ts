import { NAME_AT_LEVEL } from './attribution.ts';
import { controlsNeeded } from './power.ts';
import { LEAST_CONTROLS } from './screening.ts';

/** What a team should ask, of whom, and how, to produce input for the test. */
export interface CollectPlan {
  readonly alpha: number;
  readonly questions: number;
  readonly items: number;
  readonly controls: {
    readonly needed: number;
    readonly pairs: number;
    /** Unrelated controls that each level of p would need for so many questions. */
    readonly byLevel: readonly { readonly level: number; readonly needed: number }[];
    /** Controls beyond the candidates that a name needs: p times the candidates must reach the level of naming. */
    readonly toName: readonly { readonly candidates: number; readonly needed: number }[];
  };
  /** What reasoning models need beside it. */
  readonly reasoning: readonly string[];
  readonly sets: readonly { readonly name: string; readonly use: string; readonly note: string }[];
  readonly rules: readonly string[];
  readonly spread: { readonly at: number; readonly detectable: number };
  readonly calls: number;
  readonly format: readonly string[];
}

/** Spread of excess between unrelated pairs and sampling variance of one item, measured on public MMLU-Pro answers. */
const BETWEEN_SD = 0.0148;
const PER_ITEM_SD = 0.5;

/** Levels and numbers of candidates for which the plan says how many controls are needed. */
const LEVELS = [0.05, 0.01, 0.001];
const CANDIDATES = [1, 3, 6, 10];

/** Fewest controls, none of them a candidate, with which p times the candidates can reach the level of naming. */
function controlsToName(candidates: number): number {
  let c = LEAST_CONTROLS;
  // Pairs among controls, of the candidates with them, and of the suspect with them.
  while (candidates / (1 + (c * (c - 1)) / 2 + candidates * c + c) > NAME_AT_LEVEL) c++;
  return c;
}

/** What is different where models reason before they reply. */
const REASONING_RULES = [
  'Record trace and reply as two fields ("trace", "text"), whole: do not cut either, and note the token limit. Where an API hides or summarises the trace, leave "trace" out; a summary is not a trace.',
  'Ask 100 or more open prompts whose traces run to thousands of characters, and hard questions with free-form answers (mathematics, code output): reasoning models get too many multiple-choice items right to share errors.',
  'Ask twice or more at the temperature that is served, and number the answers ("sample"); at temperature 0 some reasoning models repeat themselves without end (DeepSeek-R1\u2019s model card warns of it).',
  'Most controls must be reasoning models of the suspect\u2019s generation and of different makers: a style that a generation shares is a false lead that only such controls take out.',
  'Give the candidates that could have taught it as --teachers, and more controls beside them: a candidate is never a control.',
  'Write down release date, training cut-off, maker and base of every model (--models): a teacher younger than the student is struck out.',
];

/**
 * Plans a collection.
 *
 * @param questions how many suspects times (reference + teachers) will be asked about in one run
 * @param alpha level wanted after correction
 * @param effect smallest excess worth finding, in kappa
 */
export function collectPlan(questions: number, alpha: number, effect: number): CollectPlan {
  const needed = Math.max(12, controlsNeeded(alpha, questions));
  const pairs = (needed * (needed - 1)) / 2 + 2 * needed;
  const detectableAt = (n: number) => (2.6 + 0.84) * Math.sqrt(BETWEEN_SD ** 2 + PER_ITEM_SD ** 2 / n);
  const sizes = [1000, 2000, 5000, 10_000];
  const items = sizes.find((n) => detectableAt(n) <= effect) ?? 5000;
  return {
    alpha,
    questions,
    items,
    controls: {
      needed,
      pairs,
      byLevel: LEVELS.map((level) => ({
        level,
        needed: Math.max(LEAST_CONTROLS, controlsNeeded(level, questions)),
      })),
      toName: CANDIDATES.map((candidates) => ({ candidates, needed: controlsToName(candidates) })),
    },
    reasoning: REASONING_RULES,
    spread: { at: items, detectable: detectableAt(items) },
    calls: items * (needed + 2),
    sets: [
      {
        name: 'MMLU-Pro (12,032 items, up to ten options)',
        use: 'first choice',
        note: 'Many options and hard questions give many shared errors. Public answers of dozens of models serve as controls if you ask yours with the same prompts.',
      },
      {
        name: 'MMLU, ARC-Challenge, GPQA',
        use: 'to add items',
        note: 'Four options: about a third of the information an item of ten options has. GPQA is small.',
      },
      {
        name: 'your own unpublished questions',
        use: 'best against leaks',
        note: 'A public set may be in everybody\u2019s training data; write 1,000 or more, plausible wrong options, keys checked by two people.',
      },
      {
        name: 'questions from prompts that the suspected accounts really sent',
        use: 'most sensitive, if law and contract allow',
        note: 'Turn them into multiple choice. Do not compare these with controls asked something else.',
      },
      {
        name: 'AlpacaEval (805 prompts) or your own 500 to 1,000 open prompts',
        use: 'free text, to rank teachers',
        note: 'Same maximum length for all; keep whole answers.',
      },
    ],
    rules: [
      'Fix items, prompts, parser, level and controls in writing before the first look at the suspect\u2019s answers; date and sign it.',
      'Ask reference, suspect and every control the same way: same system prompt, same number of examples (five-shot with reasoning, or none), options in the same order, temperature 0, same maximum length, same access (API or weights).',
      'Shuffle the order of options once per item, the same for all models, and keep the key: letter habits then do not line up with content.',
      'One parser for all. Record null where it finds no answer; never fill in a guess. More than 5 % null: repair the parser first.',
      'Controls must not stem from the reference, the suspect or each other, and should span both their accuracies and their kind (base, chat, reasoning). Kin of one family count as one; declare kin that names do not show (--kin).',
      'Take the reference\u2019s version that was served when the collection is suspected, and its neighbours as candidate teachers.',
      'Ask a second time a month later or with paraphrased items; a lineage stays, an artefact of one run does not.',
      'Keep raw responses, dates, request ids and hashes: an opposing expert will ask for them.',
    ],
    format: [
      '{"item":"q1","answer":"C","correct":"B","options":10,"text":"optional reasoning"}',
      '{"item":"q2","answer":null,"correct":"A","options":4}',
      '{"item":"q3","answer":"(3, 1)","correct":"(4, 1)"}',
      '{"item":"p1","sample":0,"trace":"the reasoning","text":"the reply"}',
    ],
  };
}
