import { collectPlan } from '../../forensics/collect-plan.ts';
import { colours } from '../shared/colours.ts';
import { jsonLine } from '../shared/command.ts';

export interface PlanOptions {
  questions: number;
  alpha: number;
  effect: number;
  json?: boolean;
}

/** Prints what to collect. */
export function printPlan(options: PlanOptions): void {
  const plan = collectPlan(options.questions, options.alpha, options.effect);
  if (options.json === true) {
    process.stdout.write(jsonLine(plan));
    return;
  }
  const lines = [
    colours.bold('What to collect'),
    `  ${plan.items.toLocaleString('en')} multiple-choice items from the reference, the suspect and ${plan.controls.needed} unrelated controls (${plan.calls.toLocaleString('en')} calls).`,
    `  ${plan.controls.pairs} unrelated pairs: p can fall to ${(1 / (1 + plan.controls.pairs)).toFixed(4)}, enough for ${plan.alpha} after ${plan.questions} question(s).`,
    `  At ${plan.spread.at.toLocaleString('en')} items an excess of about ${plan.spread.detectable.toFixed(3)} kappa is found four times in five (spread as on public MMLU-Pro answers).`,
    `  More items shrink sampling error, not the spread between unrelated models: beyond some 5,000 items, better-matched controls help more.`,
    ...plan.controls.byLevel.map(
      (l) =>
        `  For p down to ${l.level} after ${plan.questions} question(s): ${l.needed} unrelated controls.`,
    ),
    `  To name a teacher among ${plan.controls.toName.map((t) => `${t.candidates}`).join(', ')} candidates: ${plan.controls.toName.map((t) => `${t.needed}`).join(', ')} controls that are no candidates.`,
    '',
    colours.bold('Which questions'),
    ...plan.sets.map((s) => `  ${s.name}: ${s.use}. ${s.note}`),
    '',
    colours.bold('How to ask'),
    ...plan.rules.map((r, i) => `  ${i + 1}. ${r}`),
    '',
    colours.bold('Reasoning models'),
    ...plan.reasoning.map((r, i) => `  ${i + 1}. ${r}`),
    '',
    colours.bold('Format'),
    '  One file a model, NDJSON (also .gz), one line an item:',
    ...plan.format.map((l) => `  ${l}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
