import { controlsNeeded } from './power.ts';

/** What a team should ask, of whom, and how, to produce input for the test. */
export interface CollectPlan {
  readonly alpha: number;
  readonly questions: number;
  readonly items: number;
  readonly controls: { readonly needed: number; readonly pairs: number };
  readonly sets: readonly { readonly name: string; readonly use: string; readonly note: string }[];
  readonly rules: readonly string[];
  readonly spread: { readonly at: number; readonly detectable: number };
  readonly calls: number;
  readonly format: readonly string[];
}

/** Spread of excess between unrelated pairs and sampling variance of one item, measured on public MMLU-Pro answers. */
const betweenSd = 0.0148;
const perItemSd = 0.5;

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
  const detectableAt = (n: number) => (2.6 + 0.84) * Math.sqrt(betweenSd ** 2 + perItemSd ** 2 / n);
  const sizes = [1000, 2000, 5000, 10_000];
  const items = sizes.find((n) => detectableAt(n) <= effect) ?? 5000;
  return {
    alpha,
    questions,
    items,
    controls: { needed, pairs },
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
      '{"item":"p1","text":"a free-text answer"}',
    ],
  };
}
