/**
 * Measures the forensic tests on public answers: `npm run bench:forensics -- --data DIR [--json FILE] [--quick] [--only PART]
 * [--all]`.
 * DIR holds `mmlu-pro/`, `alpaca-eval/` (one NDJSON file a model), `lineage.json`, and `reasoning/` with `pm-traces/`,
 * `misguided/`, `freeform-crux/`, `freeform-math-l5/` and its own `lineage.json`; or it holds all this in `answers/`. What is
 * missing is skipped. PART is the name of one of these folders, `selection`, `copies`, or `verdicts`: what the product itself says, of two
 * dozen accusations of each kind or with --all of every one; `verdicts:FOLDER` of one folder.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchChoices, benchSelection } from './forensics/choices.ts';
import { benchCopies } from './forensics/copies.ts';
import { AnswerData, type Documented } from './forensics/data.ts';
import { benchFreeForm, withoutOptions } from './forensics/free-form.ts';
import { say } from './forensics/rates.ts';
import { alpacaSet, misguidedSet, reasoningSet } from './forensics/text-sets.ts';
import { benchTexts } from './forensics/texts.ts';
import { benchVerdicts } from './forensics/verdicts.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'string' },
    only: { type: 'string' },
    all: { type: 'boolean', default: false },
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

for (const [name, make] of [
  ['pm-traces', reasoningSet],
  ['misguided', misguidedSet],
  ['alpaca-eval', alpacaSet],
] as const) {
  const set = wanted(name) ? make(data) : undefined;
  if (set !== undefined) benchTexts(set, result);
}
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
if (wanted('copies')) benchCopies(data, result);
const [part, only] = flags.only?.split(':') ?? [];
if (part === undefined || part === 'verdicts')
  benchVerdicts(data, documented, result, { only, all: flags.all });
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(result, null, 1)}\n`);
